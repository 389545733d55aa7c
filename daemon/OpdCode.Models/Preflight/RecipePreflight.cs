using System.Globalization;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Rewards;

namespace OpdCode.Models.Preflight;

/// <summary>Checks a recipe against its models and data: everything that can be refused before a weight is loaded.</summary>
public static class RecipePreflight
{
    private const int MostLines = 20;

    /// <summary>Runs all checks that the recipe allows; whatever cannot be read becomes a problem at its setting.</summary>
    /// <param name="reading">A recipe without errors.</param>
    /// <param name="runsFolder">Where the run folder would be made: its disk must hold the checkpoints. It need not exist.</param>
    /// <param name="cancel">Checked while data are read.</param>
    public static PreflightReport Run(RecipeReading reading, string runsFolder, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(reading);
        ArgumentNullException.ThrowIfNull(runsFolder);
        Recipe recipe = reading.Recipe ?? throw new InvalidOperationException("Only a recipe without errors can be tried against its models.");
        List<Problem> problems = [];
        SignalRecipe? signal = recipe.Objective is SupervisedObjectiveRecipe ? null : recipe.Signal;
        ModelFacts? student = Load(reading, "student.model", "student", recipe.Student.Model, problems);
        ModelFacts? teacher = signal is TeacherSignalRecipe judge ? Load(reading, "signal.model", "teacher", judge.Model, problems) : null;
        ModelFacts? from = signal?.Extrapolation?.Base is { } folder ? Load(reading, "signal.extrapolation.base", "base", folder, problems) : null;
        DataSurvey? train = Survey(reading, "data.train", recipe.Data.Train, problems, cancel);
        DataSurvey? heldOut = recipe.Evaluate?.Data is { } heldOutFile ? Survey(reading, "evaluate.data", heldOutFile, problems, cancel) : null;
        CheckColumns(reading, recipe, train, heldOut, problems);
        ContextText[] contexts = train is null ? [] : Contexts(reading, recipe, train, problems);
        DeviceMemory device = ResourceChecks.Device(reading, problems);

        PromptPreview? prompt = null;
        MemoryEstimate? memory = null;
        if (student is not null)
        {
            problems.AddRange(ModelChecks.OfStudent(reading, student));
            problems.AddRange(ModelChecks.OfLearningRate(reading, student));
            if (teacher is not null) problems.AddRange(ModelChecks.OfPair(reading, student, teacher));
            if (from is not null) problems.AddRange(ModelChecks.OfPair(reading, student, from));
            if (train is not null)
            {
                PromptChecks prompts = new(reading, recipe, student, teacher, from);
                prompt = prompts.Check(train, contexts);
                problems.AddRange(prompts.Problems);
                int response = recipe.Objective is SupervisedObjectiveRecipe ? CheckCompletions(reading, recipe, train, prompts, problems) : recipe.Rollout.MaxNewTokens;
                MemoryInputs inputs = new()
                {
                    Recipe = recipe,
                    Student = student.Config,
                    Teacher = teacher?.Config,
                    Base = from?.Config,
                    Vocabulary = student.VocabularySize,
                    PromptTokens = Math.Max(prompts.LongestPrompt, 1),
                    JudgePromptTokens = Math.Max(Math.Max(prompts.LongestPrompt, prompts.LongestContext), 1),
                    ResponseTokens = response,
                    Device = device,
                };
                memory = MemoryEstimator.Estimate(inputs);
                problems.AddRange(ResourceChecks.Memory(reading, inputs, memory));
            }
            problems.AddRange(ResourceChecks.Disk(reading, student, runsFolder));
        }
        return new PreflightReport { Problems = problems, Memory = memory, Prompt = prompt, Data = train?.Report };
    }

    private static ModelFacts? Load(RecipeReading reading, string setting, string role, string folder, List<Problem> problems)
    {
        try
        {
            return ModelFacts.Load(setting, role, reading.FullPath(folder));
        }
        catch (OpdException e)
        {
            problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, setting, e.Message));
            return null;
        }
    }

    private static DataSurvey? Survey(RecipeReading reading, string setting, string file, List<Problem> problems, CancellationToken cancel)
    {
        try
        {
            DataSurvey survey = DataSurvey.Read(reading.FullPath(file), cancel);
            problems.AddRange(survey.Report.Problems.Take(MostLines).Select(p => reading.ProblemAt(ErrorCodes.DataLineInvalid, ProblemSeverity.Error, setting, p.Message)));
            if (survey.Report.Examples == 0)
                problems.Add(reading.ProblemAt(ErrorCodes.DataLineInvalid, ProblemSeverity.Error, setting, $"{survey.Report.File} holds no examples. Every line must be a JSON object with a \"prompt\"."));
            return survey;
        }
        catch (OpdException e)
        {
            problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, setting, e.Message));
            return null;
        }
    }

    // What the texts name that the data must have; a harness tells itself what it cannot do.
    private static ContextText[] Contexts(RecipeReading reading, Recipe recipe, DataSurvey train, List<Problem> problems)
    {
        try
        {
            ContextText[] texts = [.. ContextText.Of(recipe, reading.Folder, train.Report.Columns.Keys)];
            foreach (ContextText text in texts.Where(t => t.NeedsColumns))
                foreach (string column in text.Columns.Where(c => c != "prompt"))
                    Need(reading, train, text.Setting, column, $"{text.Setting} shows the judge", problems);
            if (recipe.Signal?.Context is HarnessContextRecipe { Hint: { } hint }) Need(reading, train, "signal.context.hint", hint, "signal.context.hint gives the harness", problems);
            return texts;
        }
        catch (OpdException e)
        {
            problems.Add(reading.ProblemAt(e.Code, ProblemSeverity.Error, "signal.context", e.Message));
            return [];
        }
    }

    private static void Need(RecipeReading reading, DataSurvey? data, string setting, string column, string why, List<Problem> problems)
    {
        if (data is null || data.Report.Examples == 0) return;
        int have = data.Report.Columns.GetValueOrDefault(column);
        if (have < data.Report.Examples)
            problems.Add(reading.ProblemAt(ErrorCodes.DataColumnMissing, ProblemSeverity.Error, setting,
                $"{data.Report.File}: {data.Report.Examples - have:N0} of {data.Report.Examples:N0} examples have no \"{column}\", which {why}."));
    }

    private static void CheckColumns(RecipeReading reading, Recipe recipe, DataSurvey? train, DataSurvey? heldOut, List<Problem> problems)
    {
        if (recipe.Objective is SupervisedObjectiveRecipe) Need(reading, train, "data.train", "completion", "the supervised objective learns from", problems);
        if (recipe.Rewards.Any(r => r is ExactRewardRecipe or NumericRewardRecipe)) Need(reading, train, "data.train", "answer", "a reward compares with", problems);
        Need(reading, heldOut, "evaluate.data", "answer", "the evaluation compares with", problems);
        if (recipe.Evaluate is { Data: null }) Need(reading, train, "data.train", "answer", "the evaluation of the held-out part compares with", problems);
        if (train is null) return;
        if (train.Report.Duplicates > 0 && !recipe.Data.Deduplicate)
            problems.Add(reading.ProblemAt(ErrorCodes.DataRepeated, ProblemSeverity.Information, "data.train",
                $"{train.Report.File}: {train.Report.Duplicates:N0} of {train.Report.Examples:N0} prompts are repetitions. data.deduplicate passes them over.", Cure.Set("data.deduplicate", "true")));
        int both = heldOut?.Prompts.Count(train.Prompts.Contains) ?? 0;
        if (both > 0 && train.Report.File != heldOut!.Report.File)
            problems.Add(reading.ProblemAt(ErrorCodes.DataRepeated, ProblemSeverity.Warning, "evaluate.data",
                $"{both:N0} of {heldOut.Prompts.Count:N0} held-out prompts are in the training file too: the score shows what was memorised. Remove them from one of the two."));
    }

    // Completions are cut at the longest response, like sampled ones; the end is then never learned.
    private static int CheckCompletions(RecipeReading reading, Recipe recipe, DataSurvey train, PromptChecks prompts, List<Problem> problems)
    {
        int longest = 0, line = 0;
        foreach (TrainingExample example in train.LongestCompletions)
            if (prompts.CompletionTokens(example) is int tokens && tokens > longest) (longest, line) = (tokens, example.Line);
        if (longest > recipe.Rollout.MaxNewTokens)
            problems.Add(reading.ProblemAt(ErrorCodes.PromptTooLong, ProblemSeverity.Warning, "rollout.maxNewTokens",
                $"{train.Report.File}, line {line}: the completion has {longest:N0} tokens and is cut at rollout.maxNewTokens, {recipe.Rollout.MaxNewTokens:N0}; its end is never learned. Raise it to {longest:N0}.",
                Cure.Set("rollout.maxNewTokens", longest.ToString(CultureInfo.InvariantCulture))));
        return Math.Max(Math.Min(longest, recipe.Rollout.MaxNewTokens), 1);
    }
}
