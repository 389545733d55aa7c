using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>
/// A preset on the tabular model: all 125 responses of one prompt are one optimizer step, each row's gradient is multiplied by
/// the probability of its response afterwards, so that expectations are exact while stabilizers see a step of equal weights.
/// </summary>
internal sealed class TabularScene
{
    private static readonly double[] s_ones = Enumerable.Repeat(1.0, 375).ToArray();

    /// <summary>All responses, in the order of the rows.</summary>
    public static long[][] Responses { get; } = TabularModel.Sequences().ToArray();

    /// <summary>What each token id looks like: digits in two, punctuation in two.</summary>
    public static string[] Texts { get; } = ["1", "2", ".", ",", "a"];

    /// <summary>The student when the step began.</summary>
    public TabularModel Student { get; init; } = TabularModel.Seeded(1);

    /// <summary>The judge, whatever it sees.</summary>
    public TabularModel Teacher { get; init; } = TabularModel.Seeded(2);

    /// <summary>The base of an extrapolated target.</summary>
    public TabularModel Base { get; init; } = TabularModel.Seeded(3);

    /// <summary>The judge under its auxiliary contexts.</summary>
    public TabularModel[] Auxiliary { get; init; } = [TabularModel.Seeded(4), TabularModel.Seeded(5), TabularModel.Seeded(6)];

    /// <summary>The judge under a misleading context.</summary>
    public TabularModel Contrast { get; init; } = TabularModel.Seeded(7);

    /// <summary>The verifier: a third of the responses is correct, wherever they are likely.</summary>
    public static double Reward(long[] y) => (y[0] + y[1] + 2 * y[2]) % 3 == 0 ? 1 : 0;

    /// <summary>A preset as a recipe that means something on three tokens: two sentences instead of four, no draw, one token skipped instead of three.</summary>
    public static Recipe Recipe(string method)
    {
        Recipe recipe = Preset(method);
        return method switch
        {
            "prefix-teach" => With<PrefixReleaseRecipe>(recipe, s => s with { MinSegments = 2 }),
            "sdft" => With<SkipFirstRecipe>(recipe, s => s with { Tokens = 1 }),
            "uni-opd" => With<DataBalanceRecipe>(recipe, s => s with { Ratio = null }),
            _ => recipe,
        };
    }

    /// <summary>A preset as a recipe.</summary>
    public static Recipe Preset(string method)
    {
        bool asksForTeacher = MethodPresets.Find(method)!.Settings["signal"]?["kind"]?.GetValue<string>() != "self";
        string text = $$"""{ "version": 1, "method": "{{method}}", "student": { "model": "s" }, "data": { "train": "d" }{{(asksForTeacher ? ", \"signal\": { \"kind\": \"teacher\", \"model\": \"t\" }" : "")}} }""";
        RecipeReading reading = RecipeReader.Parse(text, Path.Combine(Path.GetTempPath(), "tabular.opd.json"));
        Assert.Empty(reading.Problems.Where(p => p.Severity == ProblemSeverity.Error).Select(p => p.Message));
        return reading.Recipe!;
    }

    /// <summary>A recipe with its stabilizers of a kind changed.</summary>
    public static Recipe With<T>(Recipe recipe, Func<T, T> change) where T : StabilizerRecipe =>
        recipe with { Stabilizers = [.. recipe.Stabilizers.Select(s => s is T one ? change(one) : s)] };

    /// <summary>Whether a recipe learns from text of its own, and from text that is given; and how much each counts.</summary>
    public static (double Own, double Given) Shares(Recipe recipe) => recipe switch
    {
        { Objective: SupervisedObjectiveRecipe } => (0, 1),
        { OffPolicy.Paired: true } => (1, 1),
        { OffPolicy.Adaptive: not null } => (.5, .5), // a threshold of one half: what a step has is the schedule's, the loss is the same
        { OffPolicy.Share: var share } => (1 - share, share),
        _ => (1, 0),
    };

    /// <summary>Who writes the student's text: the student, or its mixture with the teacher.</summary>
    public TabularModel Writer(Recipe recipe)
    {
        double share = (recipe.Objective as PolicyGradientObjectiveRecipe)?.TeacherMix ?? 0;
        return share == 0 ? Student : new(Enumerable.Range(0, TabularModel.Contexts)
            .Select(c => Student.Probabilities(c).Zip(Teacher.Probabilities(c), (s, t) => Math.Log((1 - share) * s + share * t)).ToArray()).ToArray());
    }

    /// <summary>The rows of all responses of a step; the second half is given text where the recipe has such.</summary>
    public TokenRows Rows(Recipe recipe)
    {
        (double own, double given) = Shares(recipe);
        int copies = own > 0 && given > 0 ? 2 : 1;
        long[][] responses = [.. Enumerable.Repeat(Responses, copies).SelectMany(r => r)];
        torch.Tensor context_N = torch.tensor(responses.SelectMany(y => Enumerable.Range(0, TabularModel.Horizon).Select(t => (long)TabularModel.Context(y, t))).ToArray());
        torch.Tensor ids_N = torch.tensor(responses.SelectMany(y => y).ToArray());
        bool apart = recipe.OffPolicy?.Means == "apart";
        double lambda = recipe.Signal?.Extrapolation?.Lambda ?? 1;
        return new TokenRows
        {
            StudentHidden_ND = ToyRows.Logits(Student.Logits).index_select(0, context_N).requires_grad_(),
            StudentHead_VD = null,
            TeacherHidden_NM = recipe.Objective is SupervisedObjectiveRecipe ? null : ToyRows.Logits(Teacher.Logits).index_select(0, context_N),
            VocabularySize = TabularModel.V,
            SampledIds_N = ids_N,
            Weights_N = torch.tensor(Enumerable.Repeat(s_ones, copies).SelectMany(w => w).ToArray()),
            Sequence_N = torch.arange(responses.Length).repeat_interleave(TabularModel.Horizon),
            Normalizer = apart ? 2 : 1, // one for each kind of text
            SequenceNormalizer = apart ? 2 : 1,
            GivenNormalizer = 1,
            GivenSequences = 1,
            SamplerLogprobs_N = given == 0 ? Logprobs(Writer(recipe)) : null,
            Rewards_B = torch.tensor(responses.Select(Reward).ToArray()),
            Groups_B = torch.zeros(responses.Length, dtype: torch.ScalarType.Int64),
            IsGiven_N = given == 0 || own == 0 ? null : torch.arange(375 * copies).ge(375),
            BaseLogprobs_N = lambda == 1 ? null : Logprobs(Base),
            TargetLambda = lambda,
            ContextLogprobs_NK = recipe.Signal?.Auxiliary.Count > 0 ? torch.stack(Auxiliary.Select(Logprobs).ToArray(), 1) : null,
            ContrastLogprobs_N = recipe.Signal?.Contrast is null ? null : Logprobs(Contrast),
        };

        torch.Tensor Logprobs(TabularModel model) => ToyRows.Logits(model.Logits).log_softmax(1).index_select(0, context_N).gather(1, ids_N.unsqueeze(1)).squeeze(1);
    }

    /// <summary>Texts by token id; every token is a sentence and the response one turn.</summary>
    public static ResponsePlaces Places(TokenRows rows) => new(
        () => Columns.Longs(rows.SampledIds_N).Select(id => Texts[id]).ToArray(),
        () => Enumerable.Range(0, (int)rows.SampledIds_N.shape[0]).Select(n => n % TabularModel.Horizon).ToArray(),
        () => new int[rows.SampledIds_N.shape[0]]);

    /// <summary>The rows after the recipe's stabilizers, what the objective makes of them, and the gradient at each row.</summary>
    public static (TokenRows Rows, ObjectiveResult Result, double[] Gradient_NV) Run(Recipe recipe, TokenRows rows)
    {
        StabilizerPipeline pipeline = StabilizerFactory.Create(recipe.Stabilizers, recipe.Objective, recipe.Seed);
        IObjective objective = pipeline.WithTerms(ObjectiveFactory.Create(recipe));
        TokenRows shaped = pipeline.Apply(rows, pipeline.Measure(rows, objective, Places(rows)), new StepContext(1, pipeline.Seed, objective));
        (_, double[] gradient, ObjectiveResult result) = ToyRows.Run(objective, shaped);
        return (shaped, result, gradient);
    }

    /// <summary>The expected gradient of a step on the student's table, by context and token.</summary>
    public double[] Gradient(Recipe recipe)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        TokenRows rows = Rows(recipe);
        double[] gradient_NV = Run(recipe, rows).Gradient_NV, table = new double[TabularModel.Contexts * TabularModel.V];
        (double own, double given) = Shares(recipe);
        TabularModel writer = Writer(recipe);
        for (int n = 0; n < gradient_NV.Length / TabularModel.V; n++)
        {
            long[] y = Responses[n % 375 / TabularModel.Horizon];
            double probability = n >= 375 || own == 0 ? given * Teacher.Probability(y) : own * writer.Probability(y);
            int context = TabularModel.Context(y, n % TabularModel.Horizon);
            for (int v = 0; v < TabularModel.V; v++) table[context * TabularModel.V + v] += probability * gradient_NV[n * TabularModel.V + v];
        }
        return table;
    }

    /// <summary>The student after a step of a size against a gradient.</summary>
    public TabularModel Stepped(double[] gradient, double size) =>
        new(Student.Logits.Select((row, c) => row.Select((z, v) => z - size * gradient[c * TabularModel.V + v]).ToArray()).ToArray());
}
