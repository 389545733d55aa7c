using OpdCode.Distillation.Runs;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>Stabilizers in whole runs of tiny models.</summary>
public sealed class StabilizedRunTests
{
    private const string Rewards = """, "rewards": [{"kind": "regex", "pattern": "[a-m]"}]""";

    // Everything that works together: on a policy gradient with rewards.
    private const string Many = """
        [{"kind": "ratio-magnitude"}, {"kind": "entropy-gate", "gamma": 0.3, "lookahead": 2}, {"kind": "confidence"}, {"kind": "digit-place", "otherWeight": 0.5}, {"kind": "prefix-release", "minSegments": 2},
         {"kind": "margin-shift", "scope": "batch"}, {"kind": "data-balance", "scope": "batch"}, {"kind": "prefix-weight"}, {"kind": "step-weight"}, {"kind": "skip-first", "tokens": 1}, {"kind": "soft-clamp", "max": 1},
         {"kind": "log-ratio-mask", "max": 8}, {"kind": "normalize-weights", "over": "step"}, {"kind": "entropy-gated-forward-kl", "threshold": 0.1}]
        """;

    [Theory]
    [InlineData("""{"kind": "policy-gradient"}""", Many)]
    [InlineData("""{"kind": "group-reward", "estimator": "dapo"}""", """[{"kind": "welford-whitening"}, {"kind": "ratio-magnitude"}, {"kind": "entropy-gate"}, {"kind": "data-balance"}]""")]
    [InlineData("""{"kind": "divergence", "normalize": "sequences"}""", """[{"kind": "clip-divergence", "quantile": 0.8}, {"kind": "confidence", "form": "exponential"}, {"kind": "normalize-weights"}, {"kind": "margin-mask", "scope": "batch"}, {"kind": "reward-weight", "beta": 0.5}, {"kind": "token-draw", "share": 0.6}, {"kind": "token-selection", "share": 0.8, "over": "step"}, {"kind": "keep-first", "tokens": 8}]""")]
    public void Micro_batches_change_nothing_even_where_a_stabilizer_sees_the_whole_step(string objective, string stabilizers)
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, objective, steps: 1, more: $"{Rewards}, \"stabilizers\": {stabilizers}");
        StepMetrics whole = Step(Run(recipe, folder.File("run-1"), "rollout.samplesPerPrompt=3", "optimizer.learningRate=0.0001"), 1);
        StepMetrics split = Step(Run(recipe, folder.File("run-2"), "rollout.samplesPerPrompt=3", "optimizer.learningRate=0.0001", "optimizer.microBatch=4"), 1);
        Assert.True(whole.Values["gradientNorm"] > 0);
        foreach ((string name, double value) in whole.Values.Where(v => v.Key is "loss" or "gradientNorm" || v.Key.StartsWith("stabilizer.", StringComparison.Ordinal)))
            Assert.True(Math.Abs(value - split.Values[name]) <= 1e-4 * Math.Max(1, Math.Abs(value)), $"{name}: {value} whole, {split.Values[name]} split");
    }

    [Fact]
    public void Neutral_stabilizers_train_the_same_weights_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, steps: 3);
        string neutral = """stabilizers=[{"kind": "entropy-gate", "gamma": 0}, {"kind": "confidence", "mix": 0}, {"kind": "digit-place", "maxDigits": 1}, {"kind": "prefix-weight", "gamma": 0}, {"kind": "skip-first", "tokens": 0}, {"kind": "soft-clamp", "max": 1e6}, {"kind": "clip-divergence", "max": 1e6}, {"kind": "feature-match", "coefficient": 0}]""";
        Assert.Equal(Weights(Run(recipe, folder.File("run-1"))), Weights(Run(recipe, folder.File("run-2"), neutral)));
    }

    [Fact]
    public void What_each_stabilizer_did_is_recorded_and_labelled()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, """{"kind": "policy-gradient"}""", steps: 1, more: $"{Rewards}, \"stabilizers\": {Many}");
        RunReader run = RunReader.Open(Run(recipe, folder.File("run"), "rollout.samplesPerPrompt=2", "record.rollouts=8"));
        StepMetrics step = run.ReadMetrics().Single(m => m.Step == 1);
        Assert.All(step.Values.Keys, name => Assert.Contains(name, run.ReadMetricLabels().Keys));
        Assert.InRange(step.Values["stabilizer.entropy-gate.weight"], .7, 1);
        Assert.True(step.Values["stabilizer.skip-first.dropped"] > 0);
        RolloutRecord[] rollouts = [.. run.ReadRollouts(1)];
        Assert.Equal(8, rollouts.Length);
        foreach (RolloutRecord rollout in rollouts)
        {
            // Order of stages, not of the recipe; the last weight is the weight; the parts of the loss are in it.
            Assert.Equal(["margin-shift", "ratio-magnitude", "entropy-gate", "confidence", "digit-place", "prefix-weight", "step-weight", "prefix-release", "data-balance", "skip-first", "log-ratio-mask", "normalize-weights", "soft-clamp"], rollout.Stages!.Keys);
            Assert.Equal(rollout.Weight, rollout.Stages["soft-clamp"]);
            Assert.Equal(["entropy-gated-forward-kl"], rollout.Terms!.Keys);
            Assert.Equal(0, rollout.Weight![0]);
            Assert.Equal(rollout.Weight.Select(w => w == 0 ? 0 : 1), rollout.Mask!);
            Assert.NotNull(rollout.Reward);
            Assert.NotNull(rollout.Group);
        }
    }

    [Fact]
    public void Live_tensors_stay_flat_with_stabilizers_over_micro_batches()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, """{"kind": "policy-gradient"}""", steps: 14, more: $"{Rewards}, \"stabilizers\": {Many}");
        using DistillationSession session = DistillationSession.Open(RecipeReader.Read(recipe, ["rollout.samplesPerPrompt=2", "optimizer.microBatch=3"]), folder.File("run"), TimeProvider.System);
        var live = new List<long>();
        foreach (StepReport report in session.Run(CancellationToken.None))
            if (report.Step is >= 2 and <= 13) live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.All(live, count => Assert.Equal(live[0], count));
    }

    private static StepMetrics Step(string folder, int step) => RunReader.Open(folder).ReadMetrics().Single(m => m.Step == step);

    private static string Run(string recipe, string folder, params string[] overrides)
    {
        RecipeReading reading = RecipeReader.Read(recipe, overrides);
        Assert.DoesNotContain(reading.Problems, p => p.Severity == ProblemSeverity.Error);
        using DistillationSession session = DistillationSession.Open(reading, folder, TimeProvider.System);
        foreach (StepReport report in session.Run(CancellationToken.None)) Assert.True(report.Step >= 0);
        return folder;
    }

    private static byte[] Weights(string folder) => File.ReadAllBytes(Path.Combine(folder, "checkpoints", "checkpoint-3", "model.safetensors"));
}
