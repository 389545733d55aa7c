using OpdCode.Daemon.Rollouts;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Rollouts;

public sealed class TokenLevelsTests
{
    private static readonly ColumnKind s_kind = new("weight", "weight", new MetricDescription("Weight", null, null, null), true, 1, [0.1, 0.5, 0.9]);

    /// <summary>The slow twin puts all distances in order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(100)]
    [InlineData(4096)]
    public void Thresholds_are_percentiles_of_the_distances_of_trained_tokens(int tokens)
    {
        var random = new Random(tokens);
        float[] values = [.. Enumerable.Range(0, tokens).Select(t => t % 11 == 10 ? float.NaN : t % 7 == 6 ? 1 : (float)((random.NextDouble() * 6) - 2))];
        float[] mask = [.. Enumerable.Range(0, tokens).Select(t => t % 5 == 4 ? 0f : 1f)];
        var rollout = new RolloutLine { Ids = new int[tokens], Numbers = { ["mask"] = mask } };
        double[] sorted = [.. values.Where((v, t) => mask[t] != 0 && float.IsFinite(v) && v != 1).Select(v => (double)(float)Math.Abs(v - 1.0)).Order()];
        double[] expected = [.. ((double[])[0.80, 0.95, 0.99]).Select(share => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))])];
        Assert.Equal(expected, TokenLevels.ThresholdsOf(values, s_kind, rollout));
    }

    [Fact]
    public void A_column_without_distances_has_the_thresholds_of_its_kind() =>
        Assert.Equal([0.1, 0.5, 0.9], TokenLevels.ThresholdsOf([1, 1, float.NaN], s_kind, new RolloutLine { Ids = new int[3] }));

    [Fact]
    public void Levels_begin_at_their_thresholds() =>
        Assert.Equal([0, 1, 2, 3, -1, -3, 0], TokenLevels.OfTokens([1, 1.125f, 1.5f, float.PositiveInfinity, 0.75f, -9, float.NaN], s_kind, [0.125, 0.5, 0.9], new RolloutLine { Ids = new int[7] }).Select(l => (int)l));
}
