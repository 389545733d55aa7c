using OpdCode.Distillation.Signals;

namespace OpdCode.Distillation.Tests.Signals;

/// <summary>λ* of ListOPD: golden numbers and the condition that it solves (methods A, section 4).</summary>
public sealed class ExtrapolationCliffTests
{
    [Theory]
    [InlineData(.9, .5, 1, 1)]
    [InlineData(.9, .5, 5, 1.771244)]
    [InlineData(.9, .8, 5, 3.089694)]
    [InlineData(.99, .9, 5, 1.674544)]
    [InlineData(.95, .9, 2, 1.962405)]
    [InlineData(.999, .99, 5, 1.696580)]
    [InlineData(.9993, .5, 5, 1.221649)]
    [InlineData(.9993, .5, 1.5, 1.055853)]
    public void Lambda_star_has_its_golden_value(double p, double b, double c, double expected) =>
        Assert.Equal(expected, ExtrapolationCliff.LambdaStar(p, b, c)!.Value, 1e-6);

    [Fact]
    public void At_lambda_star_the_remaining_mass_is_exactly_c_times_too_small()
    {
        foreach (double p in new[] { .6, .9, .99 })
            foreach (double b in new[] { .1, .5, .55 })
            {
                double before = 0;
                foreach (double c in new[] { 1, 1.5, 2, 5, 10 })
                {
                    double star = ExtrapolationCliff.LambdaStar(p, b, c)!.Value;
                    Assert.True(star > before, "λ* grows with c");
                    before = star;
                    double q = ExtrapolationCliff.TargetMass(p, b, star);
                    Assert.Equal(1 - (1 - p) / c, q, 1e-12);
                    Assert.Equal(c, (1 - p) / (1 - q), 1e-9 * c * c * 10);
                }
                Assert.Equal(1, ExtrapolationCliff.LambdaStar(p, b, 1)!.Value, 1e-12);
            }
    }

    [Fact]
    public void Where_the_base_is_as_sure_as_the_judge_lambda_star_has_no_meaning()
    {
        Assert.Null(ExtrapolationCliff.LambdaStar(.9, .9, 5));
        Assert.Null(ExtrapolationCliff.LambdaStar(.9, .95, 5));
        Assert.NotNull(ExtrapolationCliff.LambdaStar(1, 0, 5)); // clamped, not infinite
    }

    [Fact]
    public void A_quantile_lies_between_its_neighbours()
    {
        Assert.Null(ExtrapolationCliff.Quantile([], .5));
        Assert.Equal(3, ExtrapolationCliff.Quantile([3], .05));
        Assert.Equal(2.5, ExtrapolationCliff.Quantile([4, 1, 3, 2], .5)!.Value, 1e-12);
        Assert.Equal(1.15, ExtrapolationCliff.Quantile([4, 1, 3, 2], .05)!.Value, 1e-12);
    }
}
