using System.Runtime.InteropServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Levels of the colour scale: −3 to 3, by the distance from the neutral value; 0 to 3 where only one side means something.</summary>
internal static class TokenLevels
{
    /// <summary>The level of one value; a value that is no number has none.</summary>
    public static int Of(double value, ColumnKind kind, IReadOnlyList<double> thresholds)
    {
        if (double.IsNaN(value)) return 0;
        double distance = value - kind.Neutral, size = Math.Abs(distance);
        int level = 0;
        while (level < 3 && size >= thresholds[level]) level++;
        return distance < 0 && kind.HasSign ? -level : level;
    }

    /// <summary>The level of each token; 0 where it is not trained on. [T]</summary>
    public static int[] OfTokens(ReadOnlySpan<float> values, ColumnKind kind, IReadOnlyList<double> thresholds, RolloutLine rollout)
    {
        var levels = new int[values.Length];
        ReadOnlySpan<float> mask = rollout.Mask;
        for (int t = 0; t < levels.Length; t++)
            if (mask.IsEmpty || mask[t] != 0) levels[t] = Of(values[t], kind, thresholds);
        return levels;
    }

    /// <summary>The level of each token's group by the mean over the group's trained tokens; 0 where the token is not trained on. The groups' numbers rise. [T]</summary>
    public static int[] OfGroups(ReadOnlySpan<float> values, ColumnKind kind, IReadOnlyList<double> thresholds, RolloutLine rollout, int[] groups)
    {
        var levels = new int[values.Length];
        ReadOnlySpan<float> mask = rollout.Mask;
        for (int start = 0, end; start < levels.Length; start = end)
        {
            double sum = 0;
            int count = 0;
            for (end = start; end < levels.Length && groups[end] == groups[start]; end++)
            {
                if ((!mask.IsEmpty && mask[end] == 0) || float.IsNaN(values[end])) continue;
                sum += values[end];
                count++;
            }
            int level = count == 0 ? 0 : Of(sum / count, kind, thresholds);
            for (int t = start; t < end; t++)
                if (mask.IsEmpty || mask[t] != 0) levels[t] = level;
        }
        return levels;
    }

    /// <summary>Thresholds from one rollout: the 80th, 95th and 99th percentile of the distances of its trained tokens; the given ones where it has no distances.</summary>
    public static IReadOnlyList<double> ThresholdsOf(ReadOnlySpan<float> values, ColumnKind kind, RolloutLine rollout, IReadOnlyList<double> otherwise)
    {
        var distances = new List<float>(values.Length);
        ReadOnlySpan<float> mask = rollout.Mask;
        for (int t = 0; t < values.Length; t++)
            if ((mask.IsEmpty || mask[t] != 0) && float.IsFinite(values[t]) && values[t] != kind.Neutral) distances.Add((float)Math.Abs(values[t] - kind.Neutral));
        if (distances.Count == 0) return otherwise;
        Span<float> sorted = CollectionsMarshal.AsSpan(distances);
        sorted.Sort();
        return [At(sorted, 0.80), At(sorted, 0.95), At(sorted, 0.99)];
    }

    private static double At(ReadOnlySpan<float> sorted, double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
}
