using OpdCode.Daemon.Rollouts;

namespace OpdCode.Daemon.Tests.Rollouts;

public sealed class RankingTests
{
    [Theory]
    [InlineData(1, 100)]
    [InlineData(17, 3)]
    [InlineData(300, 2)]
    [InlineData(4096, 1_000_000)]
    public void The_value_at_a_place_is_that_of_the_sorted_numbers(int count, int different)
    {
        var random = new Random(count);
        for (int round = 0; round < 20; round++)
        {
            float[] values = [.. Enumerable.Range(0, count).Select(i => round switch { 0 => i, 1 => -i, 2 => float.PositiveInfinity, _ => random.Next(different) - (different / 2f) })];
            float[] sorted = [.. values.Order()];
            foreach (int place in (int[])[0, count / 3, count - 1])
            {
                float[] moved = [.. values];
                Assert.Equal(sorted[place], Ranking.Select(moved, place));
                Assert.All(moved[..place], v => Assert.True(v <= sorted[place]));
                Assert.All(moved[place..], v => Assert.True(v >= sorted[place]));
                Assert.Equal(sorted, moved.Order());
            }
        }
    }
}
