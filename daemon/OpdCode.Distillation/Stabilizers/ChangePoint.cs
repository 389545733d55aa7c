namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// One mean or two: BIC0 = n·ln((RSS0 + ε)/n) + ln n against BIC1(τ) = n·ln((RSS1(τ) + ε)/n) + 3·ln n, ε = 1e-12, over all
/// splits after the first τ values. Source: Prefix Teach, Suffix Fade (arXiv 2605.13643).
/// </summary>
internal static class ChangePoint
{
    private const double Epsilon = 1e-12;

    /// <summary>How many values stand before the change; null where one mean is better, the second is not lower, or there are fewer than <paramref name="minimum"/>.</summary>
    public static int? Find(IReadOnlyList<double> values, int minimum)
    {
        if (values.Count < Math.Max(2, minimum)) return null;
        (int split, double twoMeans) = BestSplit(values);
        bool falls = values.Skip(split).Average() < values.Take(split).Average();
        return twoMeans < OneMean(values) && falls ? split : null;
    }

    /// <summary>BIC0.</summary>
    public static double OneMean(IReadOnlyList<double> values) => Criterion(Residual(values), values.Count, 1);

    /// <summary>The split with the least BIC1, the earliest of equals, and its BIC1.</summary>
    public static (int Split, double Criterion) BestSplit(IReadOnlyList<double> values) =>
        Enumerable.Range(1, values.Count - 1)
            .Select(split => (split, Criterion(Residual(values.Take(split).ToArray()) + Residual(values.Skip(split).ToArray()), values.Count, 3)))
            .MinBy(s => s.Item2);

    private static double Criterion(double residual, int count, int parameters) => count * Math.Log((residual + Epsilon) / count) + parameters * Math.Log(count);

    private static double Residual(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return values.Sum(v => (v - mean) * (v - mean));
    }
}
