using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Generation;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Tests.Stabilizers;

/// <summary>The slow twin: each weight from its formula, one token after the other, in double precision, without tensors.</summary>
/// <param name="sequence">The response of each token.</param>
/// <param name="before">Weights before; 0 is not there.</param>
internal sealed class PlainStabilizers(long[] sequence, double[] before)
{
    public required double[] Student { get; init; }

    public required double[] Sampler { get; init; }

    public required double[] Teacher { get; init; }

    public required double[] Entropy { get; init; }

    public required double[] StudentEntropy { get; init; }

    public required double[] JensenShannon { get; init; }

    public required double[] ReverseKl { get; init; }

    public required double[] ForwardKl { get; init; }

    public required double[] Divergence { get; init; }

    public required double[] Margin { get; init; }

    public required double[][] Contexts { get; init; }

    public required string[] Texts { get; init; }

    public required int[] Sentence { get; init; }

    public required int[] Turn { get; init; }

    public required double[] Rewards { get; init; }

    public required long[] Groups { get; init; }

    public required int Vocabulary { get; init; }

    public required long Seed { get; init; }

    public required int Step { get; init; }

    private int N => before.Length;

    private IEnumerable<int> There => Enumerable.Range(0, N).Where(n => before[n] > 0);

    private double Ratio(int n) => Teacher[n] - Student[n];

    private int[] Response(long b) => [.. There.Where(n => sequence[n] == b)];

    /// <summary>The factor of each token; null where the stabilizer changes no weight.</summary>
    public double[]? Factors(StabilizerRecipe recipe) => recipe switch
    {
        RatioMagnitudeRecipe r => Each(n => (1 - r.Mix) + r.Mix * Math.Clamp(Math.Exp(Math.Sign(Ratio(n)) * Ratio(n)), 1 - r.Epsilon, 1 + r.Epsilon)),
        EntropyGateRecipe r => Gate(r),
        ConfidenceRecipe r => Each(n => (1 - r.Mix) + r.Mix * (r.Form == "linear" ? 1 - Entropy[n] / Math.Log(Vocabulary) : Math.Exp(-Entropy[n] / r.Temperature))),
        DigitPlaceRecipe r => Each(n => Digits(n, r)),
        AgreementRecipe r => r.Level == "token" ? ByToken(r) : Each(n => BySequence(r, sequence[n])),
        PrefixReleaseRecipe r => Release(r),
        PrefixWeightRecipe r => Each(n =>
        {
            int[] all = Response(sequence[n]);
            double total = all.Sum(m => Math.Abs(Teacher[m] - Sampler[m]));
            return 1 + r.Gamma * (1 - (total == 0 ? 0 : all.Where(m => m < n).Sum(m => Math.Abs(Teacher[m] - Sampler[m])) / total));
        }),
        StepWeightRecipe r => Each(n =>
        {
            int[] all = Response(sequence[n]);
            double Drift(int turn) => all.Where(m => Turn[m] == turn).Average(m => Math.Abs(Ratio(m)));
            int first = all.Min(m => Turn[m]);
            return Turn[n] == first ? 1 : Math.Min((Drift(first) + r.Epsilon) / (Drift(Turn[n]) + r.Epsilon), 1 + r.Delta);
        }),
        SkipFirstRecipe r => Each(n => Enumerable.Range(0, n).Count(m => sequence[m] == sequence[n]) < r.Tokens ? 0 : 1),
        KeepFirstRecipe r => Each(n => Enumerable.Range(0, n).Count(m => sequence[m] == sequence[n]) < r.Tokens ? 1 : 0),
        RewardWeightRecipe r => Each(n =>
        {
            int[] all = [.. There.Select(m => (int)sequence[m]).Distinct()];
            return all.Length * Math.Exp(Rewards[sequence[n]] / r.Beta!.Value) / all.Sum(b => Math.Exp(Rewards[b] / r.Beta!.Value));
        }),
        PassRateWeightRecipe r => Each(n =>
        {
            double[] all = [.. There.Select(m => sequence[m]).Distinct().Where(b => Groups[b] == Groups[sequence[n]]).Select(b => Rewards[b])];
            double passed = all.Average(x => x >= r.CorrectFrom ? 1.0 : 0);
            return Math.Pow(passed, r.Hard) * Math.Pow(1 - passed, r.Easy);
        }),
        TokenDrawRecipe r => Drawn(r),
        TokenSelectionRecipe r => Selected(r),
        LogRatioMaskRecipe r => Each(n => Math.Abs(Ratio(n)) >= r.Max ? 0 : 1),
        NormalizeWeightsRecipe r => Each(n => r.Over == "step" ? N / Math.Max(1, before.Sum())
            : sequence.Count(s => s == sequence[n]) / Math.Max(1, Enumerable.Range(0, N).Where(m => sequence[m] == sequence[n]).Sum(m => before[m]))),
        ClipDivergenceRecipe r => Each(n => Divergence[n] > (r.Quantile is { } q ? Quantile(There.Select(m => Divergence[m]), q) : r.Max!.Value) ? 0 : 1),
        SoftClampRecipe r => Each(n => Math.Min(1, r.Max / Divergence[n])),
        MarginMaskRecipe r => Masked(r),
        _ => null,
    };

    // One token after the other, each with its share of what is left: the exponential race that Gumbel's keys win in the same order.
    private double[] Drawn(TokenDrawRecipe r)
    {
        double[] factor = Each(_ => 0);
        foreach (long b in sequence.Distinct())
        {
            double Arrival(int n)
            {
                double mass = Math.Pow(StudentEntropy[n] / Math.Log(Vocabulary), 2) * Math.Pow(JensenShannon[n] / Math.Log(2), r.Gamma);
                return -Math.Log(CounterRandom.Uniform(Seed, RandomStream.ForTokenDraw(Step, b), Enumerable.Range(0, n).Count(m => sequence[m] == b))) / mass;
            }
            foreach (int n in Response(b).OrderBy(Arrival).Take((int)Math.Ceiling(r.Share * Response(b).Length))) factor[n] = 1;
        }
        return factor;
    }

    // One token after the other: the best of what is left, until the share is reached.
    private double[] Selected(TokenSelectionRecipe r)
    {
        double cut = Quantile(There.Select(m => StudentEntropy[m]), .98);
        double Entropy01(int n) => Scaled(m => Math.Min(cut, StudentEntropy[m]), n);
        double Scaled(Func<int, double> value, int n) => (value(n) - There.Min(value)) / (There.Max(value) - There.Min(value));
        double Score(int n) => r.By switch
        {
            "soft-or" => 1 - (1 - Entropy01(n)) * (1 - Scaled(m => ReverseKl[m], n)),
            "soft-or-sampled" => 1 - (1 - Entropy01(n)) * (1 - Scaled(m => Math.Abs(Ratio(m)), n)),
            "overconfident" => ForwardKl[n] * (1 - Entropy01(n)),
            "student-entropy" => StudentEntropy[n],
            "teacher-entropy" => Entropy[n],
            "reverse-kl" => ReverseKl[n],
            _ => Math.Abs(Ratio(n)),
        };
        double[] factor = Each(_ => 0);
        foreach (int[] tokens in r.Over == "step" ? [[.. There]] : sequence.Distinct().Select(Response))
        {
            List<int> left = [.. tokens];
            for (int kept = 0; kept < r.Share * tokens.Length - 1e-9; kept++)
            {
                int best = left.MaxBy(Score);
                factor[best] = 1;
                left.Remove(best);
            }
        }
        return factor;
    }

    /// <summary>What a margin shift adds to each token's advantage.</summary>
    public double[] Shift(MarginShiftRecipe r)
    {
        double[] shift = new double[Rewards.Length];
        foreach (IGrouping<long, int> group in Enumerable.Range(0, Rewards.Length).Where(b => Response(b).Length > 0).GroupBy(b => r.Scope == "batch" ? 0 : Groups[b]))
        {
            int[] good = [.. group.Where(b => Rewards[b] >= r.CorrectFrom)], bad = [.. group.Where(b => Rewards[b] < r.CorrectFrom)];
            if (good.Length == 0 || bad.Length == 0) continue;
            double gap = r.Statistic == "mean" ? good.Average(Mean) - bad.Average(Mean) : good.Min(Mean) - bad.Max(Mean);
            if (gap >= r.Delta) continue;
            foreach (int b in good) shift[b] = (r.Delta - gap) * (r.Direction == "both" ? .5 : r.Direction == "up" ? 1 : 0);
            foreach (int b in bad) shift[b] = (gap - r.Delta) * (r.Direction == "both" ? .5 : r.Direction == "down" ? 1 : 0);
        }
        return [.. Enumerable.Range(0, N).Select(n => shift[sequence[n]])];
    }

    private double Mean(int b) => Response(b).Average(Ratio);

    private double[] Each(Func<int, double> factor) => [.. Enumerable.Range(0, N).Select(n => before[n] == 0 ? 1 : factor(n))];

    private double[] Gate(EntropyGateRecipe r)
    {
        double[] least = Each(n => There.Where(m => sequence[m] == sequence[n] && m >= n && m - n <= r.Lookahead).Min(m => Entropy[m]));
        double highest = Math.Max(1, There.Max(n => r.Maximum == "raw" ? Entropy[n] : least[n]));
        return Each(n => Math.Clamp(1 - r.Gamma * least[n] / highest, r.Floor, 1));
    }

    private double Digits(int n, DigitPlaceRecipe r)
    {
        bool Is(int m) => m < N && sequence[m] == sequence[n] && before[m] > 0 && Texts[m].Trim() is { Length: > 0 } text && text.All(char.IsAsciiDigit);
        int run = 0;
        while (Is(n + run)) run++;
        return run == 0 ? r.OtherWeight : r.MaxDigits == 0 ? run : Math.Min(run, r.MaxDigits);
    }

    private double[] ByToken(AgreementRecipe r)
    {
        double[] spread = [.. Contexts.Select(c => r.Spread == "range" ? c.Max() - c.Min() : c.Sum(x => (x - c.Average()) * (x - c.Average())) / (c.Length - 1))];
        double scale = Math.Max(1e-6, Quantile(There.Select(n => spread[n]), .95));
        return Each(n => Math.Max(.01, 1 / (1 + r.Gamma * Math.Min(10, spread[n] / scale))));
    }

    private double BySequence(AgreementRecipe r, long b)
    {
        double[] means = [.. Enumerable.Range(0, Contexts[0].Length).Select(k => Response(b).Average(n => Contexts[n][k]))];
        double spread = r.Spread == "range" ? means.Max() - means.Min() : means.Average(m => (m - means.Average()) * (m - means.Average()));
        return Math.Max(1e-6, Math.Exp(-r.Gamma * spread));
    }

    private double[] Release(PrefixReleaseRecipe r)
    {
        double[] factor = Each(_ => 1);
        foreach (long b in sequence.Distinct())
        {
            int[] all = Response(b), numbers = [.. all.Select(n => Sentence[n]).Distinct().Order()];
            double[] s = [.. numbers.Select(i => Math.Log(1 + all.Where(n => Sentence[n] == i).Average(n => Margin[n])))];
            int count = s.Length;
            if (count < Math.Max(2, r.MinSegments)) continue;
            double Rss(IEnumerable<double> x) => x.Sum(v => (v - x.Average()) * (v - x.Average()));
            double one = count * Math.Log((Rss(s) + 1e-12) / count) + Math.Log(count), best = double.PositiveInfinity;
            int cut = 0;
            for (int tau = 1; tau < count; tau++)
            {
                double two = count * Math.Log((Rss(s[..tau]) + Rss(s[tau..]) + 1e-12) / count) + 3 * Math.Log(count);
                if (two < best) (best, cut) = (two, tau);
            }
            if (best >= one || s[cut..].Average() >= s[..cut].Average()) continue;
            double Mass(int n) => r.Mass switch { "mask" => 1, "advantage" => Math.Abs(Ratio(n)), _ => Math.Abs(Ratio(n) * Student[n]) };
            int[] prefix = [.. all.Where(n => Sentence[n] < numbers[cut])];
            foreach (int n in all) factor[n] = prefix.Contains(n) ? all.Sum(Mass) / prefix.Sum(Mass) : 0;
        }
        return factor;
    }

    private double[] Masked(MarginMaskRecipe r)
    {
        HashSet<int> dropped = [];
        foreach (IGrouping<long, int> group in Enumerable.Range(0, Rewards.Length).Where(b => Response(b).Length > 0).GroupBy(b => r.Scope == "batch" ? 0 : Groups[b]))
        {
            List<int> good = [.. group.Where(b => Rewards[b] >= r.CorrectFrom)], bad = [.. group.Where(b => Rewards[b] < r.CorrectFrom)];
            if (good.Count == 0 || bad.Count == 0) continue;
            int leastGood = Math.Max(1, (int)Math.Ceiling(r.Keep * good.Count)), leastBad = Math.Max(1, (int)Math.Ceiling(r.Keep * bad.Count));
            double Gap(IEnumerable<int> g, IEnumerable<int> w) => r.Statistic == "mean" ? g.Average(Mean) - w.Average(Mean) : g.Min(Mean) - w.Max(Mean);
            while (Gap(good, bad) < r.Delta)
            {
                int worst = good.MinBy(Mean), best = bad.MaxBy(Mean);
                double a = good.Count > leastGood ? Gap(good.Where(b => b != worst), bad) : double.NegativeInfinity, c = bad.Count > leastBad ? Gap(good, bad.Where(b => b != best)) : double.NegativeInfinity;
                if (a == double.NegativeInfinity && c == double.NegativeInfinity) break;
                dropped.Add(a >= c ? worst : best);
                if (a >= c) good.Remove(worst);
                else bad.Remove(best);
            }
        }
        return Each(n => dropped.Contains((int)sequence[n]) ? 0 : 1);
    }

    private static double Quantile(IEnumerable<double> values, double q)
    {
        double[] sorted = [.. values.Order()];
        double place = q * (sorted.Length - 1);
        return sorted[(int)place] + (place - (int)place) * (sorted[Math.Min((int)place + 1, sorted.Length - 1)] - sorted[(int)place]);
    }
}
