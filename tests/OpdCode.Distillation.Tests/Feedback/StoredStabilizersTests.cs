using OpdCode.Distillation.Feedback;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Feedback;

/// <summary>What is answered afterwards, from the record, is what training did.</summary>
public sealed class StoredStabilizersTests
{
    private const string Stabilizers = """
        [{ "kind": "entropy-gate", "gamma": 0.3, "lookahead": 2 }, { "kind": "skip-first", "tokens": 1 }, { "kind": "clip-divergence", "max": 0.02 },
         { "kind": "digit-place" }, { "kind": "log-ratio-mask", "max": 0.5 }, { "kind": "normalize-weights" }]
        """;

    [Fact]
    public void The_record_and_the_same_stabilizers_give_the_weights_of_the_run()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<StabilizerRecipe> recipes = StabilizerReader.Parse(Stabilizers);
        string run = folder.File("run");
        RecipeReading reading = RecipeReader.Read(WriteRecipe(folder, steps: 2), [$"stabilizers={Stabilizers}", "record.every=1", "record.rollouts=1000"]);
        Assert.True(reading.Recipe is not null, string.Join("\n", reading.Problems.Select(p => p.Message)));
        using (DistillationSession session = DistillationSession.Open(reading, run, TimeProvider.System))
            foreach (StepReport report in session.Run(CancellationToken.None)) Assert.NotNull(report);
        RolloutRecord[] step = [.. RunReader.Open(run).ReadRollouts(2)];
        Assert.NotEmpty(step);
        foreach (RolloutRecord record in step)
        {
            StabilizedRollout then = StoredStabilizers.Apply(step, record.Index, recipes, reading.Recipe!.Objective, reading.Recipe.Seed);
            foreach ((string name, float[] weights) in then.Stages) AssertClose(record.Stages![name], weights, name);
            AssertClose(record.Weight!, then.Weight, "weight");
            Assert.Contains(then.Notes, n => n.Contains("recorded", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void What_the_record_does_not_hold_is_left_out_and_said()
    {
        var record = new RolloutRecord { Step = 1, Index = 0, Prompt = "", Response = "ab", TokenIds = [1, 2], TokenTexts = ["a", "b"], CharStart = [0, 1], CharEnd = [1, 2], Mask = [1, 1] };
        StabilizedRollout then = StoredStabilizers.Apply([record], 0, StabilizerReader.Parse("""[{ "kind": "entropy-gate" }, { "kind": "prefix-release" }]"""), new DivergenceObjectiveRecipe(), 1);
        Assert.Equal([1f, 1f], then.Weight);
        Assert.Empty(then.Stages);
        Assert.Contains(then.Notes, n => n.StartsWith("entropy-gate was left out: ", StringComparison.Ordinal));
        Assert.Contains(then.Notes, n => n.StartsWith("prefix-release was left out: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Tokens_that_are_not_trained_on_have_no_weight()
    {
        var record = new RolloutRecord { Step = 1, Index = 3, Prompt = "", Response = "abc", TokenIds = [1, 2, 3], TokenTexts = ["a", "b", "c"], CharStart = [0, 1, 2], CharEnd = [1, 2, 3], Mask = [1, 0, 1], TeacherEntropy = [0, 5, 2] };
        StabilizedRollout then = StoredStabilizers.Apply([record], 3, StabilizerReader.Parse("""[{ "kind": "entropy-gate", "gamma": 0.5, "floor": 0 }]"""), new DivergenceObjectiveRecipe(), 1);
        Assert.Equal([1f, 0f, 0.5f], then.Weight); // the highest entropy that counts is 2
    }

    [Fact]
    public void A_stabilizer_that_means_nothing_with_the_objective_is_refused() =>
        Assert.Equal(ErrorCodes.ObjectiveRefused, Assert.Throws<OpdException>(() => StoredStabilizers.Apply([], 0, StabilizerReader.Parse("""[{ "kind": "ratio-magnitude" }]"""), new DivergenceObjectiveRecipe(), 1)).Code);

    [Fact]
    public void Every_movable_setting_has_a_title_and_an_honest_range()
    {
        foreach (string kind in StabilizerFit.Kinds)
        {
            foreach (MovableSetting setting in MovableSettings.Of(StabilizerReader.Parse($$"""[{ "kind": "{{kind}}" }]""")))
            {
                Assert.StartsWith("stabilizers[0].", setting.Path, StringComparison.Ordinal);
                Assert.NotEmpty(setting.Title);
                Assert.InRange(setting.Value, setting.Minimum, setting.Maximum);
                Assert.True(setting.Minimum < setting.Maximum, setting.Path);
            }
        }
    }

    private static void AssertClose(float[] expected, float[] actual, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int t = 0; t < expected.Length; t++) Assert.True(Math.Abs(expected[t] - actual[t]) <= 1e-4 * Math.Max(1, Math.Abs(expected[t])), $"{name}, token {t}: {expected[t]} in the run, {actual[t]} from the record");
    }
}
