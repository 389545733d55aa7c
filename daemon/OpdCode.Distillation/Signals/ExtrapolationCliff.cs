namespace OpdCode.Distillation.Signals;

/// <summary>
/// How far a position may be extrapolated before the student's modal mass leaves the region that the clip can hold
/// (arXiv 2605.08737; the closed form solves its condition). One position, two outcomes: the judge's most likely token, and the rest.
/// </summary>
internal static class ExtrapolationCliff
{
    private const double Edge = 1e-6; // logits of probabilities nearer to 0 or 1 than this say nothing

    /// <summary>
    /// λ* = [logit(1 − (1−p)/c) − logit(b)] / [logit(p) − logit(b)]: the λ whose target mass is the largest at which the ratio of
    /// the remaining mass, (1−p)/(1−q), is still at most c.
    /// </summary>
    /// <param name="judge">p: the judge's probability of its most likely token.</param>
    /// <param name="from">b: the base's probability of that token.</param>
    /// <param name="clip">c: the bound on the ratio, at least 1.</param>
    /// <returns>At least 1; null where the base is as sure as the judge, and λ* has no meaning.</returns>
    public static double? LambdaStar(double judge, double from, double clip)
    {
        double p = Math.Clamp(judge, Edge, 1 - Edge), b = Math.Clamp(from, Edge, 1 - Edge);
        if (b >= p) return null;
        return clip <= 1 ? 1 : (Logit(1 - (1 - p) / clip) - Logit(b)) / (Logit(p) - Logit(b));
    }

    /// <summary>logit(p_λ) = λ·logit(p) + (1−λ)·logit(b): the target's mass of the modal token.</summary>
    public static double TargetMass(double judge, double from, double lambda) =>
        1 / (1 + Math.Exp(-(lambda * Logit(judge) + (1 - lambda) * Logit(from))));

    /// <summary>The value below which the given share of the values lies, linear between neighbours; null without values.</summary>
    public static double? Quantile(IReadOnlyCollection<double> values, double share)
    {
        if (values.Count == 0) return null;
        double[] ordered = [.. values.Order()];
        double at = share * (ordered.Length - 1);
        int below = (int)at;
        return below + 1 < ordered.Length ? ordered[below] + (at - below) * (ordered[below + 1] - ordered[below]) : ordered[below];
    }

    private static double Logit(double p) => Math.Log(p) - Math.Log(1 - p);
}
