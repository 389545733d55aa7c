using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Stabilizers.WhatIf;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Stabilizers;

public sealed class StabilizerWhatIfTests
{
    private const string Stabilizers = """
        [{"kind": "ratio-magnitude", "epsilon": 0.5}, {"kind": "entropy-gate", "gamma": 0.3, "lookahead": 2}, {"kind": "confidence"}, {"kind": "digit-place", "otherWeight": 0.5}, {"kind": "prefix-release", "topK": 3, "minSegments": 2},
         {"kind": "margin-shift", "scope": "batch"}, {"kind": "data-balance", "scope": "batch"}, {"kind": "prefix-weight"}, {"kind": "step-weight"}, {"kind": "skip-first", "tokens": 1}, {"kind": "soft-clamp", "max": 1},
         {"kind": "log-ratio-mask", "max": 8}, {"kind": "normalize-weights", "over": "step"}]
        """;

    [Fact]
    public void The_runs_own_stabilizers_give_the_recorded_weights()
    {
        using var folder = new TemporaryFolder();
        RolloutRecord[] rollouts = Record(folder, """{"kind": "policy-gradient"}""", Stabilizers);
        WhatIfAnswer answer = StabilizerWhatIf.Recompute(Question(rollouts, new PolicyGradientObjectiveRecipe(), Stabilizers));
        Assert.Empty(answer.NotRecomputed);
        foreach ((RolloutRecord was, WhatIfRollout now) in rollouts.Zip(answer.Rollouts))
        {
            Assert.Equal(was.Index, now.Index);
            Assert.Equal(was.Stages!.Keys, now.Stages.Keys);
            Close(was.Weight!, now.Weight);
            Close(was.AdvantageShift!, now.AdvantageShift!);
            foreach (string stage in was.Stages.Keys) Close(was.Stages[stage], now.Stages[stage]);
        }
        Assert.Contains(answer.Settings, s => s is { Path: "stabilizers[1].gamma", Value: .3, Minimum: 0 });
        Assert.Contains(answer.Notes, n => n.StartsWith("entropy-gate changed the weight of", StringComparison.Ordinal));
    }

    [Fact]
    public void What_rollouts_do_not_store_is_said_and_left_out()
    {
        using var folder = new TemporaryFolder();
        RolloutRecord[] rollouts = Record(folder, """{"kind": "group-reward", "estimator": "dapo"}""", "[]");
        WhatIfQuestion question = Question(rollouts, new GroupRewardObjectiveRecipe { Estimator = "dapo" },
            """[{"kind": "welford-whitening"}, {"kind": "agreement", "gamma": 1}, {"kind": "contrastive"}, {"kind": "prefix-release", "topK": 300}, {"kind": "confidence"}, {"kind": "data-balance"}, {"kind": "skip-first"}]""");
        WhatIfAnswer answer = StabilizerWhatIf.Recompute(question with { VocabularySize = null, StepRollouts = 99 });
        Assert.Equal(["welford-whitening", "agreement", "contrastive", "prefix-release", "confidence", "data-balance"], answer.NotRecomputed.Select(g => g.Name));
        Assert.All(answer.NotRecomputed, gap => Assert.EndsWith(".", gap.Why, StringComparison.Ordinal));
        Assert.All(answer.Rollouts, r => Assert.Equal(["skip-first"], r.Stages.Keys));
    }

    [Fact]
    public void A_part_of_a_step_is_an_approximation_and_says_so()
    {
        using var folder = new TemporaryFolder();
        RolloutRecord[] rollouts = Record(folder, """{"kind": "divergence"}""", "[]");
        WhatIfQuestion question = Question(rollouts[..3], new DivergenceObjectiveRecipe(), """[{"kind": "entropy-gate"}, {"kind": "clip-divergence", "max": 0.5}]""") with { StepRollouts = 8 };
        WhatIfAnswer answer = StabilizerWhatIf.Recompute(question);
        Assert.Contains(answer.Notes, n => n.Contains("only 3 of the step's 8 rollouts are recorded", StringComparison.Ordinal));
        Assert.Contains(answer.Notes, n => n.Contains("KL(student‖teacher)", StringComparison.Ordinal));
        Assert.Empty(StabilizerWhatIf.Recompute(question with { Stabilizers = [] }).Rollouts[0].Stages);
    }

    [Fact]
    public void Selected_tokens_are_those_of_the_run_where_the_recorded_divergence_is_the_one_that_ranks()
    {
        using var folder = new TemporaryFolder();
        const string Selection = """[{"kind": "token-selection", "share": 0.4}, {"kind": "token-selection", "by": "student-entropy"}, {"kind": "token-selection", "by": "soft-or-sampled", "share": 0.7, "over": "step"}]""";
        RolloutRecord[] rollouts = Record(folder, """{"kind": "divergence"}""", Selection);
        WhatIfQuestion question = Question(rollouts, new DivergenceObjectiveRecipe(), Selection);
        WhatIfAnswer answer = StabilizerWhatIf.Recompute(question);
        Assert.Empty(answer.NotRecomputed);
        foreach ((RolloutRecord was, WhatIfRollout now) in rollouts.Zip(answer.Rollouts)) Assert.Equal(was.Weight!, now.Weight);
        WhatIfGap gap = Assert.Single(StabilizerWhatIf.Recompute(question with { Stabilizers = StabilizerReader.Parse("""[{"kind": "token-selection", "by": "overconfident"}]""") }).NotRecomputed);
        Assert.Equal("It ranks by KL(teacher‖student) over the full vocabulary, and the rollouts hold reverse-kl: KL(student‖teacher); full vocabulary, exact (nats).", gap.Why);
        // A divergence at another temperature ranks otherwise.
        gap = Assert.Single(StabilizerWhatIf.Recompute(question with { Rollouts = [.. rollouts.Select(r => r with { DivergenceLabel = r.DivergenceLabel + "*" })] }).NotRecomputed);
        Assert.StartsWith("It ranks by KL(student‖teacher) over the full vocabulary", gap.Why, StringComparison.Ordinal);
    }

    private static RolloutRecord[] Record(TemporaryFolder folder, string objective, string stabilizers)
    {
        string recipe = WriteRecipe(folder, objective, steps: 1, more: $", \"rewards\": [{{\"kind\": \"regex\", \"pattern\": \"[a-m]\"}}], \"stabilizers\": {stabilizers}");
        // All alternatives are recorded, so that margins are known everywhere.
        RecipeReading reading = RecipeReader.Read(recipe, ["rollout.samplesPerPrompt=2", "record.rollouts=8", "record.topK=262"]);
        Assert.DoesNotContain(reading.Problems, p => p.Severity == ProblemSeverity.Error);
        using (DistillationSession session = DistillationSession.Open(reading, folder.File("run"), TimeProvider.System))
            foreach (StepReport report in session.Run(CancellationToken.None)) Assert.True(report.Step >= 0);
        return [.. RunReader.Open(folder.File("run")).ReadRollouts(1)];
    }

    private static WhatIfQuestion Question(RolloutRecord[] rollouts, ObjectiveRecipe objective, string stabilizers) => new()
    {
        Rollouts = rollouts, Objective = objective, Stabilizers = StabilizerReader.Parse(stabilizers), VocabularySize = 262, StepRollouts = rollouts.Length,
    };

    private static void Close(float[] expected, float[] actual) => Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f * Math.Max(1, Math.Abs(pair.First))));
}
