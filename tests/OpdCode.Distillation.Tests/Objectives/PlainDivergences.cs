using OpdCode.Recipes;

namespace OpdCode.Distillation.Tests.Objectives;

/// <summary>The slow, obvious twin of every divergence: double over arrays, straight from the formula. The oracle of the registry.</summary>
internal static class PlainDivergences
{
    public static IReadOnlyDictionary<string, Func<DivergenceObjectiveRecipe, double[], double[], double>> Entries { get; } =
        new Dictionary<string, Func<DivergenceObjectiveRecipe, double[], double[], double>>(StringComparer.Ordinal)
        {
            ["reverse-kl"] = (_, s, t) => Kl(s, t),
            ["forward-kl"] = (_, s, t) => Kl(t, s),
            ["jsd"] = (r, s, t) => r.Beta * Kl(t, Mix(s, t, r.Beta)) + (1 - r.Beta) * Kl(s, Mix(s, t, r.Beta)),
            ["skew-forward-kl"] = (r, s, t) => Kl(t, Mix(s, t, r.Alpha ?? .1)),
            ["skew-reverse-kl"] = (r, s, t) => Kl(s, Mix(s, t, 1 - (r.Alpha ?? .1))),
            ["alpha"] = (r, s, t) => Alpha(s, t, r.Alpha ?? .5),
            ["total-variation"] = (_, s, t) => Sum(s, t, (x, y) => Math.Abs(x - y)) / 2,
            ["hellinger"] = (_, s, t) => 1 - Sum(s, t, (x, y) => Math.Sqrt(x * y)),
            ["chi-squared"] = (_, s, t) => Sum(s, t, (x, y) => (y - x) * (y - x) / x),
            ["adaptive-kl"] = (r, s, t) => Adaptive(s, t, r.Mass),
            ["f-divergence"] = (r, s, t) => r.Generator switch
            {
                "jeffreys" => Kl(s, t) + Kl(t, s),
                "triangular" => Sum(s, t, (x, y) => (x - y) * (x - y) / (x + y)) / 2,
                "jsd" => Entries!["jsd"](r with { Beta = .5 }, s, t),
                var name => Entries![name](r, s, t),
            },
            ["entropy-aware"] = (r, s, t) => Kl(s, t) + (Entropy(t) > r.EntropyThreshold ? r.Coefficient * Kl(Top(t, t, r.TopK), Top(s, t, r.TopK)) : 0),
        };

    public static double Kl(double[] p, double[] q) => Sum(p, q, (x, y) => x == 0 ? 0 : x * Math.Log(x / y));

    public static double Entropy(double[] p) => -p.Sum(x => x == 0 ? 0 : x * Math.Log(x));

    /// <summary>The conditional of p on the k outcomes where <paramref name="by"/> is largest.</summary>
    public static double[] Top(double[] p, double[] by, int k)
    {
        int[] ids = Enumerable.Range(0, p.Length).OrderByDescending(v => by[v]).Take(k).ToArray();
        double mass = ids.Sum(v => p[v]);
        return ids.Select(v => p[v] / mass).ToArray();
    }

    private static double Sum(double[] s, double[] t, Func<double, double, double> term) => s.Zip(t, term).Sum();

    private static double[] Mix(double[] s, double[] t, double teacher) => s.Zip(t, (x, y) => (1 - teacher) * x + teacher * y).ToArray();

    private static double Alpha(double[] s, double[] t, double a) => (Sum(s, t, (x, y) => Math.Pow(y, a) * Math.Pow(x, 1 - a)) - 1) / (a * (a - 1));

    private static double Adaptive(double[] s, double[] t, double mass)
    {
        double cumulative = 0, head = 0, tail = 0;
        bool inTail = true;
        foreach (int v in Enumerable.Range(0, t.Length).OrderBy(v => t[v]))
        {
            cumulative += t[v];
            inTail &= cumulative <= mass;
            if (inTail) tail += Math.Abs(t[v] - s[v]);
            else head += Math.Abs(t[v] - s[v]);
        }
        return head + tail == 0 ? 0 : (head * Kl(t, s) + tail * Kl(s, t)) / (head + tail);
    }
}
