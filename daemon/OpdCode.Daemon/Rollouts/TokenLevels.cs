using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Levels of the colour scale: −3 to 3, by the distance from the neutral value; 0 to 3 where only one side means something.</summary>
internal static class TokenLevels
{
    /// <summary>The level of one value; a value that is no number has none.</summary>
    /// <param name="value">The value.</param>
    /// <param name="kind">Its neutral value, and whether both sides of it mean something.</param>
    /// <param name="thresholds">Three, that rise.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static sbyte Of(double value, ColumnKind kind, ReadOnlySpan<double> thresholds) => Of(value, kind.Neutral, kind.HasSign ? 1 : 0, thresholds[0], thresholds[1], thresholds[2]);

    // Counted and not decided: values come in no order, and a branch that is guessed wrong takes longer than all of this.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static sbyte Of(double value, double neutral, int sign, double low, double middle, double high)
    {
        double distance = value - neutral, size = Math.Abs(distance);
        int level = (size >= low ? 1 : 0) + (size >= middle ? 1 : 0) + (size >= high ? 1 : 0); // NaN is not
        int isNegative = (distance < 0 ? 1 : 0) & sign;
        return (sbyte)((level ^ -isNegative) + isNegative);
    }

    /// <summary>The level of each token; 0 where it is not trained on. [T]</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static sbyte[] OfTokens(ReadOnlySpan<float> values, ColumnKind kind, ReadOnlySpan<double> thresholds, RolloutLine rollout)
    {
        var levels = new sbyte[values.Length];
        ReadOnlySpan<float> mask = rollout.Mask;
        double neutral = kind.Neutral, low = thresholds[0], middle = thresholds[1], high = thresholds[2];
        int sign = kind.HasSign ? 1 : 0;
        for (int t = 0; t < levels.Length; t++)
            if (mask.IsEmpty || mask[t] != 0) levels[t] = Of(values[t], neutral, sign, low, middle, high);
        return levels;
    }

    /// <summary>The level of each token's group by the mean over the group's trained tokens; 0 where the token is not trained on. The groups' numbers rise. [T]</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static sbyte[] OfGroups(ReadOnlySpan<float> values, ColumnKind kind, ReadOnlySpan<double> thresholds, RolloutLine rollout, int[] groups)
    {
        var levels = new sbyte[values.Length];
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
            sbyte level = count == 0 ? (sbyte)0 : Of(sum / count, kind, thresholds);
            for (int t = start; t < end; t++)
                if (mask.IsEmpty || mask[t] != 0) levels[t] = level;
        }
        return levels;
    }

    /// <summary>Thresholds from one rollout: the 80th, 95th and 99th percentile of the distances of its trained tokens; those of the kind where it has no distances.</summary>
    [MethodImpl(Compiled.AtOnce)]
    public static double[] ThresholdsOf(ReadOnlySpan<float> values, ColumnKind kind, RolloutLine rollout)
    {
        float[] distances = new float[values.Length];
        int count = 0;
        ReadOnlySpan<float> mask = rollout.Mask;
        for (int t = 0; t < values.Length; t++)
            if ((mask.IsEmpty || mask[t] != 0) && float.IsFinite(values[t]) && values[t] != kind.Neutral) distances[count++] = (float)Math.Abs(values[t] - kind.Neutral);
        if (count == 0) return kind.Thresholds;
        Span<float> known = distances.AsSpan(0, count);
        int low = At(count, 0.80), middle = At(count, 0.95), high = At(count, 0.99);
        // Each place leaves everything above it behind itself: only that is looked at for the next.
        float first = Ranking.Select(known, low), second = Ranking.Select(known[low..], middle - low), third = Ranking.Select(known[middle..], high - middle);
        return [first, second, third];
    }

    private static int At(int count, double share) => Math.Min(count - 1, (int)(share * count));
}
