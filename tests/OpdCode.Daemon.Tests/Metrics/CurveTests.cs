using OpdCode.Daemon.Metrics;

namespace OpdCode.Daemon.Tests.Metrics;

public sealed class CurveTests
{
    [Theory]
    [InlineData(1000, 10)]
    [InlineData(1001, 100)]
    [InlineData(100_000, 1000)]
    [InlineData(5, 4)]
    [InlineData(17, 16)]
    public void Thinning_keeps_ends_extremes_and_the_promised_count(int points, int most)
    {
        var random = new Random(points);
        double[] values = [.. Enumerable.Range(0, points).Select(_ => random.NextDouble())];
        values[points / 3] = 50;
        values[points / 2] = -50;
        int[] kept = CurveThinning.Keep(values, most);
        Assert.InRange(kept.Length, 2, most);
        Assert.Equal(kept.Order().Distinct(), kept);
        Assert.Equal(0, kept[0]);
        Assert.Equal(points - 1, kept[^1]);
        Assert.Contains(points / 3, kept);
        Assert.Contains(points / 2, kept);
    }

    [Fact]
    public void A_short_curve_stays_as_it_is() => Assert.Equal([0, 1, 2], CurveThinning.Keep([1, double.NaN, 2], 3));

    [Fact]
    public void A_stretch_without_numbers_stays_a_hole()
    {
        double[] values = [.. Enumerable.Repeat(1.0, 40), .. Enumerable.Repeat(double.NaN, 40), .. Enumerable.Repeat(2.0, 40)];
        Assert.Contains(CurveThinning.Keep(values, 14), i => double.IsNaN(values[i]));
    }

    /// <summary>The slow twin: every weighted mean from its definition.</summary>
    [Fact]
    public void Smoothing_is_the_weighted_mean_of_what_came_before()
    {
        int[] steps = [1, 2, 3, 7, 8, 20, 21];
        double[] values = [1, 5, double.NaN, 2, -3, 4, double.PositiveInfinity];
        double[] smooth = CurveSmoothing.At(steps, values, 2.5, [0, 1, 2, 3, 4, 5, 6]);
        for (int t = 0; t < steps.Length; t++)
        {
            Assert.Equal(smooth[t], Assert.Single(CurveSmoothing.At(steps, values, 2.5, [t]))); // which others are wanted means nothing
            double sum = 0, weight = 0;
            for (int i = 0; i <= t; i++)
            {
                if (!double.IsFinite(values[i])) continue;
                double w = Math.Exp(-(steps[t] - steps[i]) / 2.5);
                sum += w * values[i];
                weight += w;
            }
            Assert.Equal(sum / weight, smooth[t], 12);
        }
        Assert.True(double.IsNaN(CurveSmoothing.At([1], [double.NaN], 1, [0])[0]));
        Assert.Empty(CurveSmoothing.At([], [], 1, []));
    }
}
