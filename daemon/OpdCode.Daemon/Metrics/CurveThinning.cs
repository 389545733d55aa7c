using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Metrics;

/// <summary>
/// Leaves out points of a curve so that it looks the same: the curve is cut into stretches of equally many points, and of
/// each the lowest and the highest are kept, in their order, so no peak and no dip is lost. First and last point always stay.
/// </summary>
internal static class CurveThinning
{
    /// <summary>Positions of the points to keep, ascending.</summary>
    /// <param name="values">The curve. A point that is not finite is kept only where its stretch has nothing else, as the hole it is.</param>
    /// <param name="most">How many to keep at most, ≥ 2.</param>
    [MethodImpl(Compiled.AtOnce)]
    public static int[] Keep(ReadOnlySpan<double> values, int most)
    {
        int n = values.Length;
        if (n <= most) return [.. Enumerable.Range(0, n)];
        if (most < 4) return [0, n - 1];
        int stretches = (most - 2) / 2, inner = n - 2, kept = 0;
        var positions = new int[most];
        positions[kept++] = 0;
        for (int s = 0; s < stretches; s++)
        {
            int from = 1 + (int)((long)inner * s / stretches), to = 1 + (int)((long)inner * (s + 1) / stretches);
            int low = -1, high = -1;
            double lowest = double.PositiveInfinity, highest = double.NegativeInfinity;
            for (int i = from; i < to; i++)
            {
                double value = values[i];
                if (!double.IsFinite(value)) continue;
                if (value < lowest) (lowest, low) = (value, i);
                if (value > highest) (highest, high) = (value, i);
            }
            if (low < 0) low = high = from; // a hole
            positions[kept++] = Math.Min(low, high);
            if (low != high) positions[kept++] = Math.Max(low, high);
        }
        positions[kept++] = n - 1;
        return positions[..kept];
    }
}
