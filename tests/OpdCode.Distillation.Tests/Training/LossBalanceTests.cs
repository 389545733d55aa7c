using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests.Signals;
using OpdCode.Distillation.Training;
using OpdCode.Recipes;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Training;

public sealed class LossBalanceTests
{
    private const string Paired = """{"paired": true, "means": "apart", "objective": {"kind": "divergence", "divergence": "skew-forward-kl"}""";

    [Theory] // β = 1 + 0.5·min(1, 2·done/steps): methods A, 11.4
    [InlineData(1, 1)]
    [InlineData(3, 1.1)]
    [InlineData(6, 1.25)]
    [InlineData(11, 1.5)]
    [InlineData(20, 1.5)]
    public void Beta_rises_from_1_to_one_and_a_half_over_the_first_half(int step, double expected) =>
        Assert.Equal(expected, LossBalance.At(new LossBalanceRecipe(), step, 20), 1e-12);

    [Fact]
    public void Without_a_ramp_it_is_1() => Assert.Equal(1, LossBalance.At(null, 7, 20));

    [Fact]
    public void A_ramp_that_stays_at_1_changes_no_bit_of_a_run_and_one_that_rises_does()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, steps: 4);
        StepMetrics[] without = Run("plain", Paired + "}"), neutral = Run("neutral", Paired + """, "balance": {"start": 1, "end": 1}}"""), ramp = Run("ramp", Paired + """, "balance": {}}""");
        Assert.Equal(without.Select(Numbers), neutral.Select(Numbers));
        Assert.Equal(Numbers(without[0]), Numbers(ramp[0])); // the first step of the curriculum is plain
        Assert.NotEqual(Numbers(without[1]), Numbers(ramp[1]));
        Assert.Equal([1, 1.25, 1.5, 1.5], ramp.Select(s => s.Values["balance"]));

        StepMetrics[] Run(string name, string off) => SignalRuns.Steps(SignalRuns.Run(recipe, folder.File(name), $"offPolicy={off}"));
    }

    private static (double Loss, double Norm, double Divergence) Numbers(StepMetrics step) => (step.Values["loss"], step.Values["gradientNorm"], step.Values["divergence"]);
}
