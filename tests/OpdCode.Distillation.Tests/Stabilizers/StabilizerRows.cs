using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>Runs one list of stabilizers on toy rows, in double precision.</summary>
internal static class StabilizerRows
{
    public static readonly ObjectiveRecipe PolicyGradient = new PolicyGradientObjectiveRecipe();

    /// <summary>One example of every kind, with settings that do something.</summary>
    public static IReadOnlyList<StabilizerRecipe> Every { get; } =
    [
        new RatioMagnitudeRecipe(), new EntropyGateRecipe { Gamma = .5, Lookahead = 1 }, new ConfidenceRecipe(), new DigitPlaceRecipe { OtherWeight = .1 }, new AgreementRecipe { Gamma = 1 },
        new PrefixReleaseRecipe { TopK = 3, MinSegments = 2 }, new MarginShiftRecipe { Delta = 3 }, new MarginMaskRecipe { Delta = 9, Keep = 0, Scope = "batch" }, new PrefixWeightRecipe(), new ClipDivergenceRecipe { Max = .3 },
        new SkipFirstRecipe { Tokens = 1 }, new KeepFirstRecipe { Tokens = 2 }, new RewardWeightRecipe { Beta = .5 }, new PassRateWeightRecipe(), new AdaptiveSkewRecipe(), new TokenDrawRecipe(), new TokenSelectionRecipe(), new SoftClampRecipe { Max = .3 }, new WelfordWhiteningRecipe(), new DataBalanceRecipe { Ratio = .5, Scope = "batch" }, new StepWeightRecipe(),
        new LogRatioMaskRecipe { Max = .5 }, new NormalizeWeightsRecipe(), new ContrastiveRecipe(), new FeatureMatchRecipe(), new EntropyGatedForwardKlRecipe { Threshold = .1, TopK = 3 },
    ];

    /// <summary>The neutral setting of every kind that has one.</summary>
    public static IReadOnlyList<StabilizerRecipe> Neutral { get; } =
    [
        new RatioMagnitudeRecipe { Epsilon = 0 }, new RatioMagnitudeRecipe { Mix = 0 }, new EntropyGateRecipe { Gamma = 0 }, new ConfidenceRecipe { Mix = 0 }, new DigitPlaceRecipe { MaxDigits = 1 },
        new AgreementRecipe { Gamma = 0 }, new PrefixReleaseRecipe { MinSegments = int.MaxValue }, new MarginShiftRecipe { Delta = -1e9 }, new MarginMaskRecipe { Delta = -1e9 }, new PrefixWeightRecipe { Gamma = 0 },
        new ClipDivergenceRecipe { Max = null }, new ClipDivergenceRecipe { Quantile = 1 }, new SkipFirstRecipe { Tokens = 0 }, new KeepFirstRecipe { Tokens = int.MaxValue }, new RewardWeightRecipe { Beta = null }, new PassRateWeightRecipe { Hard = 0, Easy = 0 }, new AdaptiveSkewRecipe { Floor = .1 }, new TokenDrawRecipe { Share = 1 }, new TokenSelectionRecipe { Share = 1 }, new SoftClampRecipe { Max = 1e9 }, new WelfordWhiteningRecipe { Center = false, Scale = false },
        new DataBalanceRecipe { Ratio = null }, new LogRatioMaskRecipe { Max = null }, new NormalizeWeightsRecipe { Over = "none" }, new ContrastiveRecipe { Coefficient = 0 }, new FeatureMatchRecipe { Coefficient = 0 },
        new EntropyGatedForwardKlRecipe { Coefficient = 0 }, new EntropyGatedForwardKlRecipe { Coefficient = 0, EndCoefficient = 1 }, new EntropyGatedForwardKlRecipe { Coefficient = 0, AnnealSteps = 9 },
    ];

    /// <summary>An objective with which a kind means something.</summary>
    public static ObjectiveRecipe ObjectiveFor(StabilizerRecipe recipe) => recipe switch
    {
        WelfordWhiteningRecipe => new GroupRewardObjectiveRecipe { Estimator = "dapo" },
        ClipDivergenceRecipe or SoftClampRecipe => new DivergenceObjectiveRecipe(),
        AdaptiveSkewRecipe => new DivergenceObjectiveRecipe { Divergence = "skew-reverse-kl" },
        _ => PolicyGradient,
    };

    /// <summary>Four responses in two groups with rewards, twelve tokens over seven ids, contexts, texts and sentences.</summary>
    public static TokenRows Batch(int seed, double[]? weights = null)
    {
        Random random = new(seed);
        double[][] student = ToyRows.Random(random, 12, 7), teacher = ToyRows.Random(random, 12, 7);
        long[] ids = Enumerable.Range(0, 12).Select(_ => (long)random.Next(7)).ToArray();
        return ToyRows.From(student, teacher, ids, weights) with
        {
            Weights_N = torch.tensor(weights ?? Enumerable.Repeat(1.0, 12).ToArray()),
            Sequence_N = torch.tensor(new long[] { 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3 }),
            SamplerLogprobs_N = torch.tensor(student.Select((row, n) => Math.Log(ToyRows.Softmax(row)[ids[n]]) - .1 * (n % 3)).ToArray()),
            SequenceNormalizer = 4,
            GroupNormalizer = 2,
            Rewards_B = torch.tensor(new double[] { 1, 0, 0, 1 }),
            Groups_B = torch.tensor(new long[] { 0, 0, 1, 1 }),
            ContextLogprobs_NK = torch.tensor(Enumerable.Range(0, 36).Select(_ => -3 * random.NextDouble()).ToArray(), [12, 3]),
            ContrastLogprobs_N = torch.tensor(Enumerable.Range(0, 12).Select(_ => -3 * random.NextDouble()).ToArray()),
        };
    }

    /// <summary>Texts by token id, two tokens a sentence, two turns in the first response.</summary>
    public static ResponsePlaces Places(TokenRows rows)
    {
        long[] ids = Columns.Longs(rows.SampledIds_N), sequence = Columns.Longs(rows.Sequence_N);
        int[] place = sequence.Select((s, n) => Enumerable.Range(0, n).Count(m => sequence[m] == s)).ToArray();
        return new ResponsePlaces(() => ids.Select(id => id < 4 ? $"{id}" : "x").ToArray(), () => place.Select(p => p / 2).ToArray(), () => place.Select(p => p / 2).ToArray());
    }

    public static TokenRows Apply(TokenRows rows, ObjectiveRecipe objective, params StabilizerRecipe[] recipes)
    {
        StabilizerPipeline pipeline = StabilizerFactory.Create(recipes, objective, seed: 5);
        IObjective made = pipeline.WithTerms(ObjectiveFactory.Create(objective));
        return pipeline.Apply(rows, pipeline.Measure(rows, made, Places(rows)), new StepContext(3, pipeline.Seed, made));
    }

    /// <summary>Weights after one stabilizer whose needs are given as columns.</summary>
    public static double[] Weights(StabilizerRecipe recipe, TokenStatistics statistics, long[] sequence, double[]? weights = null, double[]? rewards = null, long[]? groups = null, ObjectiveRecipe? objective = null) =>
        ToyRows.Doubles(Rows(recipe, statistics, sequence, weights, rewards, groups, objective).Weights_N);

    public static TokenRows Rows(StabilizerRecipe recipe, TokenStatistics statistics, long[] sequence, double[]? weights = null, double[]? rewards = null, long[]? groups = null, ObjectiveRecipe? objective = null)
    {
        ObjectiveRecipe chosen = objective ?? ObjectiveFor(recipe);
        StabilizerPipeline pipeline = StabilizerFactory.Create([recipe], chosen, seed: 5);
        TokenRows rows = ToyRows.From(sequence.Select(_ => new double[2]).ToArray(), null) with
        {
            Sequence_N = torch.tensor(sequence),
            Weights_N = torch.tensor(weights ?? sequence.Select(_ => 1.0).ToArray()),
            Rewards_B = rewards is null ? null : torch.tensor(rewards),
            Groups_B = groups is not null ? torch.tensor(groups) : rewards is null ? null : torch.zeros(rewards.Length, dtype: torch.ScalarType.Int64),
        };
        return pipeline.Apply(rows, statistics, new StepContext(1, 5, ObjectiveFactory.Create(chosen)));
    }

    /// <summary>Statistics with a log-ratio log T − log S and nothing else.</summary>
    public static TokenStatistics Ratio(params double[] logRatio)
    {
        torch.Tensor student = torch.full(logRatio.Length, -1.0, dtype: torch.ScalarType.Float64);
        return new TokenStatistics { StudentLogprob_N = student, OldLogprob_N = student, TeacherLogprob_N = student + torch.tensor(logRatio) };
    }
}
