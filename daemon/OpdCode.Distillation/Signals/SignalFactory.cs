using OpdCode.Distillation.Environments;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Models.Weights;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Contexts;

namespace OpdCode.Distillation.Signals;

/// <summary>Makes the signal that a recipe asks for.</summary>
public static class SignalFactory
{
    // ListOPD's bound on the ratio, where the recipe does not bound it itself.
    private const double UsualClip = 5;

    /// <summary>The judge of a recipe; null where nobody judges. Made before training changes the student.</summary>
    /// <param name="recipe">With absolute paths.</param>
    /// <param name="student">The model in training, its adapter attached.</param>
    /// <exception cref="OpdException">OPD21xx when a model cannot be loaded, OPD1101 when its tokens are others than the student's.</exception>
    public static IJudge? CreateJudge(Recipe recipe, LanguageModel student)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(student);
        if (recipe.Objective is SupervisedObjectiveRecipe) return null;
        return recipe.Signal switch
        {
            TeacherSignalRecipe teacher => LoadTeacher(teacher.Model, teacher.Type, student, teacher.ScoreCache),
            SelfSignalRecipe self => new SelfJudge(student, self),
            _ => null,
        };
    }

    /// <summary>The signal of a recipe around its judge, which it owns from then on.</summary>
    /// <param name="recipe">With absolute paths.</param>
    /// <param name="judge">From <see cref="CreateJudge"/>.</param>
    /// <param name="student">The model in training.</param>
    /// <param name="prompts">The training data.</param>
    /// <param name="recipeFolder">What the names of files in contexts are relative to.</param>
    /// <exception cref="OpdException">OPD1203 or OPD1321 for a context that the data cannot fill, OPD1101 or OPD1202 for a base that does not fit.</exception>
    public static ITokenSignal Create(Recipe recipe, IJudge? judge, LanguageModel student, PromptSource prompts, string recipeFolder)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(prompts);
        if (judge is null || recipe.Signal is not { } signal) return new NoSignal();
        int longest = recipe.Rollout.MaxNewTokens, longestPrompt = prompts.LongestPrompt;
        if (judge is TeacherSignal teacher) teacher.CheckFits(student, longestPrompt, longest);
        var columns = new ExampleColumns(prompts, recipe.Seed);
        int contexts = 0;
        return new JudgedSignal(judge, new JudgedSignalParts
        {
            Context = Context(signal.Context, "signal.context"),
            Auxiliary = [.. signal.Auxiliary.Select((context, i) => Context(context, $"signal.auxiliary[{i}]")!)],
            Contrast = Context(signal.Contrast, "signal.contrast"),
            Preferred = signal.WritesPreferred ? new PreferredResponses(recipe, student) : null,
            Extrapolation = signal.Extrapolation is { } extrapolation ? Extrapolate(recipe, extrapolation, student, longestPrompt) : null,
            JudgeIsFixed = signal is TeacherSignalRecipe or SelfSignalRecipe { Weights: SelfWeights.Frozen },
            MicroBatch = recipe.Optimizer.MicroBatch,
            Device = student.Decoder.Device,
        });

        IContextSource? Context(ContextRecipe? context, string setting) => context switch
        {
            null => null,
            TemplateContextRecipe template => new TemplateContext(template, student, recipe.Data.Format, prompts, columns, setting, contexts++),
            PeerContextRecipe peers => new PeerContext(peers, student, recipe.Data.Format, columns, setting, recipe.Seed),
            HarnessContextRecipe harness => new HarnessContext(harness, HarnessDefinition.Load(harness.Harness, recipeFolder), student, recipe.Data.Format, prompts, recipe.Seed),
            _ => throw new OpdException(ErrorCodes.ContextInvalid, $"{setting}: the context {context.GetType().Name} is not known."),
        };
    }

    // Shared by all runs of this user: the files are named by their content.
    private static string CacheFolder => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) is { Length: > 0 } local ? local : Path.GetTempPath(), "opdcode", "scores");

    private static TeacherSignal LoadTeacher(string folder, string type, LanguageModel student, int cacheMegabytes = 0)
    {
        LanguageModel model = LanguageModel.Load(folder, student.Decoder.Device, MemoryType.Of(type));
        // An adapter is not part of the weights that name what is kept.
        var teacher = new TeacherSignal(model, cacheMegabytes > 0 && model.Decoder.Adapter is null ? new ScoreCache(CacheFolder, cacheMegabytes * 1_000_000L, model.Decoder.Weights.Values_P) : null);
        try
        {
            teacher.CheckSameTokens(student);
            return teacher;
        }
        catch
        {
            teacher.Dispose();
            throw;
        }
    }

    private static Extrapolation Extrapolate(Recipe recipe, ExtrapolationRecipe extrapolation, LanguageModel student, int longestPrompt)
    {
        IJudge from = extrapolation.Base is { } folder ? LoadTeacher(folder, (recipe.Signal as TeacherSignalRecipe)?.Type ?? recipe.Student.Type, student) : new SelfJudge(student, new SelfSignalRecipe());
        if (from is TeacherSignal model) model.CheckFits(student, longestPrompt, recipe.Rollout.MaxNewTokens);
        ImportanceRecipe? importance = (recipe.Objective as PolicyGradientObjectiveRecipe)?.Importance;
        return new Extrapolation(extrapolation, from, student.VocabularySize, Math.Max(1, importance?.Max ?? UsualClip), recipe.Objective is DivergenceObjectiveRecipe);
    }
}
