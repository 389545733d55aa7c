using OpdCode.Distillation.Tests.Objectives;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Tests.Methods;

/// <summary>
/// The slow, obvious twin of every preset: its published formula over all responses of the tabular model, in plain numbers.
/// What a method holds fixed (the text, advantages, weights) is held at the student that the step began with.
/// </summary>
/// <param name="scene">Student when the step began, judge, base and contexts.</param>
internal sealed class PlainMethods(TabularScene scene)
{
    private const int Horizon = TabularModel.Horizon;

    private static readonly long[][] s_responses = TabularScene.Responses;

    private readonly double[] _rewards = [.. s_responses.Select(TabularScene.Reward)];
    private readonly Dictionary<(string What, long Response, int Token), double> _held = [];
    private readonly Dictionary<TabularModel, double[][]> _distributions = [];

    /// <summary>The formula of a preset at a student in training; lower is better.</summary>
    public double Value(string method, TabularModel now) => method switch
    {
        "gkd" or "opsd" or "sdpo" => OwnText(c => Jsd(P(now, c), T(c))),
        "gkd-reverse-kl" or "qwen3-strong-to-weak" or "ophsd" => OwnText(c => Kl(P(now, c), T(c))),
        "sdft" => OwnText((y, t) => t == 0 ? 0 : Kl(T(y, t), At(now, y, t))),
        "unisd" => OwnText(c => Math.Min(10, Kl(T(c), P(now, c)))) / Horizon,
        "unisd-star" => UnisdStar(now),
        "gui-sd" => OwnText((y, t) => Digits(y, t) * (1 - PlainDivergences.Entropy(T(y, t)) / Math.Log(TabularModel.V)) * Kl(At(now, y, t), T(y, t))),
        "distillm" => .5 * OwnText(c => SkewForward(P(now, c), T(c))) + .5 * TeachersText(c => SkewForward(P(now, c), T(c))),
        "distillm-2" => OwnText(c => SkewReverse(P(now, c), S(c), T(c))) + TeachersText(c => SkewForward(P(now, c), T(c))),
        "supervised" => -s_responses.Sum(y => Likely(scene.Teacher, y) * Math.Log(Likely(now, y))),
        "thinking-machines-opd" or "effopd" or "g-opd" => Gradient(now, LogRatio),
        "exopd" => Gradient(now, (y, t) => Extrapolated(y, t, 1.25)),
        "listopd" => Gradient(now, (y, t) => Math.Min(5, Math.Exp(LogRatio(y, t))) * Extrapolated(y, t, 1.15)),
        "iw-opd" => Gradient(now, (y, t) => (1 + .5 * (1 - Enumerable.Range(0, t).Sum(s => Math.Abs(LogRatio(y, s))) / Enumerable.Range(0, Horizon).Sum(s => Math.Abs(LogRatio(y, s))))) * LogRatio(y, t)),
        "eopd" => Gradient(now, LogRatio) + OwnText(c => PlainDivergences.Entropy(T(c)) > .8 ? Kl(T(c), P(now, c)) : 0),
        "minillm" => MiniLlm(now),
        "tip" => OwnText((y, t) => Important(y).Contains(t) ? Kl(At(now, y, t), T(y, t)) / 2 : 0),
        "prefix-teach" => Gradient(now, (y, t) => Kept(y) is int kept ? t < kept ? (double)Horizon / kept * LogRatio(y, t) : 0 : LogRatio(y, t)),
        "uni-opd" => Gradient(now, (y, t) => LogRatio(y, t) + Shift(y)) / Horizon,
        "rlsd" => Gradient(now, (y, t) => Compared(y) * (.5 + .5 * Magnitude(Compared(y), LogRatio(y, t)))) / Horizon,
        "egrsd" => Gradient(now, (y, t) => Whitened(y) * Magnitude(Whitened(y), LogRatio(y, t)) * Gate(y, t, 0)),
        "egrsd, epsilon 0" => Gradient(now, (y, t) => Whitened(y) * Gate(y, t, 0)),
        "cl-egrsd" => Gradient(now, (y, t) => Whitened(y) * Magnitude(Whitened(y), LogRatio(y, t)) * Gate(y, t, 5)),
        _ => throw new NotSupportedException($"{method} has no formula here. Write it down from the paper."),
    };

    /// <summary>What a method is for, measured another way than its loss: the distance to its target where it writes, or the reward that it misses.</summary>
    public double Purpose(string method, TabularModel now) => method switch
    {
        "rlsd" or "egrsd" or "cl-egrsd" => 1 - s_responses.Sum(y => Likely(now, y) * TabularScene.Reward(y)),
        "supervised" => Sequences(scene.Teacher, now),
        "minillm" => Sequences(now, scene.Teacher),
        "exopd" => OwnText(c => Kl(P(now, c), Target(c, 1.25))),
        "listopd" => OwnText(c => Kl(P(now, c), Target(c, 1.15))),
        "sdft" => OwnText((y, t) => t == 0 ? 0 : Kl(At(now, y, t), T(y, t))),
        "uni-opd" => Value(method, now), // distance and outcome together: there is no third measure
        _ => OwnText(c => Kl(P(now, c), T(c))),
    };

    /// <summary>−Σ_y p(y) Σ_t A(y, t)·(S/S_old)(y_t): its gradient at the student of the step is the policy gradient of A.</summary>
    private double Gradient(TabularModel now, Func<long[], int, double> advantage) =>
        -s_responses.Sum(y => Likely(scene.Student, y) * Enumerable.Range(0, Horizon).Sum(t => advantage(y, t) * At(now, y, t)[y[t]] / At(scene.Student, y, t)[y[t]]));

    private double OwnText(Func<long[], int, double> value) => Text(scene.Student, value);

    private double OwnText(Func<int, double> value) => Text(scene.Student, (y, t) => value(TabularModel.Context(y, t)));

    private double TeachersText(Func<int, double> value) => Text(scene.Teacher, (y, t) => value(TabularModel.Context(y, t)));

    private double Text(TabularModel writer, Func<long[], int, double> value) => s_responses.Sum(y => Likely(writer, y) * Enumerable.Range(0, Horizon).Sum(t => value(y, t)));

    private double LogRatio(long[] y, int t) => Math.Log(T(y, t)[y[t]] / At(scene.Student, y, t)[y[t]]);

    private double Extrapolated(long[] y, int t, double lambda)
    {
        double logBase = Math.Log(At(scene.Base, y, t)[y[t]]);
        return lambda * (Math.Log(T(y, t)[y[t]]) - logBase) - (Math.Log(At(scene.Student, y, t)[y[t]]) - logBase);
    }

    private double[] Target(int c, double lambda)
    {
        double[] raw = [.. T(c).Zip(P(scene.Base, c), (p, b) => Math.Pow(p, lambda) * Math.Pow(b, 1 - lambda))];
        return [.. raw.Select(p => p / raw.Sum())];
    }

    // Written by the mixture p̃ = 0.2·T + 0.8·S: the exact KL at the token itself, and for what follows the mean of later log-ratios, weighted by S/p̃.
    private double MiniLlm(TabularModel now)
    {
        double Mixed(long[] y, int t) => .2 * T(y, t)[y[t]] + .8 * At(scene.Student, y, t)[y[t]];
        return s_responses.Sum(y => Mixed(y, 0) * Mixed(y, 1) * Mixed(y, 2) * Enumerable.Range(0, Horizon).Sum(t =>
            Kl(At(now, y, t), T(y, t)) - (t == Horizon - 1 ? 0 : Enumerable.Range(t + 1, Horizon - t - 1).Average(u => LogRatio(y, u))) * At(now, y, t)[y[t]] / Mixed(y, t)));
    }

    private double UnisdStar(TabularModel now)
    {
        double[][] spread = [.. s_responses.Select(y => Enumerable.Range(0, Horizon).Select(t =>
        {
            double[] heard = [.. scene.Auxiliary.Select(a => Math.Log(At(a, y, t)[y[t]]))];
            return heard.Sum(l => (l - heard.Average()) * (l - heard.Average())) / (heard.Length - 1);
        }).ToArray())];
        double scale = Quantile([.. spread.SelectMany(s => s)], .95), total = 0;
        for (int b = 0; b < s_responses.Length; b++)
        {
            long[] y = s_responses[b];
            double[] weight = [.. spread[b].Select(s => Math.Max(1 / (1 + .001 * Math.Min(s / scale, 10)), .01))];
            double mean = Enumerable.Range(0, Horizon).Sum(t => weight[t] * Math.Min(10, Kl(T(y, t), At(now, y, t)))) / Math.Max(1, weight.Sum());
            double added = Enumerable.Range(0, Horizon).Sum(t =>
            {
                double s = Math.Log(At(now, y, t)[y[t]]), right = Math.Log(T(y, t)[y[t]]), wrong = Math.Log(At(scene.Contrast, y, t)[y[t]]);
                double[] a = now.Logits[TabularModel.Context(y, t)], z = scene.Teacher.Logits[TabularModel.Context(y, t)];
                return .01 * Math.Max(0, .1 + Math.Abs(s - right) - Math.Abs(s - wrong)) + .01 * a.Zip(z, (p, q) => (p - q) * (p - q)).Average();
            });
            total += Likely(scene.Student, y) * (mean + added);
        }
        return total;
    }

    private static double Quantile(double[] values, double q)
    {
        double[] ordered = [.. values.Order()];
        double place = q * (ordered.Length - 1);
        int low = (int)place;
        return ordered[low] + (place - low) * (ordered[Math.Min(low + 1, ordered.Length - 1)] - ordered[low]);
    }

    // Digits from the most significant of a run: how many of the run are left, at most three; .1 for other tokens.
    private static double Digits(long[] y, int t)
    {
        int run = 0;
        for (int u = t; u < Horizon && y[u] < 2; u++) run++;
        return run == 0 ? .1 : Math.Min(run, 3);
    }

    // Where the teacher's margin among the student's best four falls for good; null where one mean is better.
    private int? Kept(long[] y)
    {
        double[] level = [.. Enumerable.Range(0, Horizon).Select(t =>
        {
            double[] s = At(scene.Student, y, t), z = [.. Enumerable.Range(0, TabularModel.V).OrderByDescending(v => s[v]).Take(4).Select(v => Math.Log(T(y, t)[v])).OrderDescending()];
            return Math.Log(1 + z[0] - z[1]);
        })];
        double Bic(double residual, int k) => Horizon * Math.Log((residual + 1e-12) / Horizon) + k * Math.Log(Horizon);
        double Residual(double[] part) => part.Sum(x => (x - part.Average()) * (x - part.Average()));
        int best = Enumerable.Range(1, Horizon - 1).MinBy(k => Bic(Residual(level[..k]) + Residual(level[k..]), 3));
        bool pays = Bic(Residual(level[..best]) + Residual(level[best..]), 3) < Bic(Residual(level), 1);
        return pays && level[best..].Average() < level[..best].Average() ? best : null;
    }

    // The two of three tokens with the highest 1 − (1 − h)(1 − d): least and greatest over all tokens of all responses become 0 and 1.
    private int[] Important(long[] y)
    {
        double Entropy(long[] r, int t) => PlainDivergences.Entropy(At(scene.Student, r, t));
        double Apart(long[] r, int t) => Kl(At(scene.Student, r, t), T(r, t));
        double OfStep(string what, Func<long[], int, double> value, Func<double[], double> number) =>
            Held(what, s_responses[0], 0, () => number([.. s_responses.SelectMany(r => Enumerable.Range(0, Horizon).Select(t => value(r, t)))]));
        double cut = OfStep("cut", Entropy, all => Quantile(all, .98));
        double Scaled(string what, Func<long[], int, double> value, int t)
        {
            double least = OfStep($"least {what}", value, all => all.Min()), greatest = OfStep($"greatest {what}", value, all => all.Max());
            return (value(y, t) - least) / (greatest - least);
        }
        double Score(int t) => 1 - (1 - Scaled("h", (r, u) => Math.Min(cut, Entropy(r, u)), t)) * (1 - Scaled("d", Apart, t));
        return [.. Enumerable.Range(0, Horizon).OrderByDescending(t => Held("importance", y, t, () => Score(t))).Take(2)];
    }

    // Half of what the gap between correct and wrong mean log-ratios lacks to 0.4, up or down.
    private double Shift(long[] y) => Held("shift", y, 0, () =>
    {
        double Mean(long[] r) => Enumerable.Range(0, Horizon).Average(t => LogRatio(r, t));
        double gap = s_responses.Where(r => TabularScene.Reward(r) == 1).Average(Mean) - s_responses.Where(r => TabularScene.Reward(r) == 0).Average(Mean);
        return gap >= .4 ? 0 : (.4 - gap) / 2 * (TabularScene.Reward(y) == 1 ? 1 : -1);
    });

    private double Compared(long[] y) => Held("compared", y, 0, () =>
    {
        double mean = _rewards.Average();
        return (TabularScene.Reward(y) - mean) / (Math.Sqrt(_rewards.Sum(r => (r - mean) * (r - mean)) / (_rewards.Length - 1)) + 1e-4);
    });

    private double Whitened(long[] y) => Held("whitened", y, 0, () =>
    {
        double mean = _rewards.Average();
        return (TabularScene.Reward(y) - mean) / (Math.Sqrt(_rewards.Average(r => (r - mean) * (r - mean))) + 1e-6);
    });

    private static double Magnitude(double advantage, double logRatio) => Math.Clamp(Math.Exp(Math.Sign(advantage) * logRatio), .8, 1.2);

    private double Gate(long[] y, int t, int lookahead) => Held($"gate {lookahead}", y, t, () =>
    {
        double Least(long[] r, int u) => Enumerable.Range(u, Math.Min(lookahead, Horizon - 1 - u) + 1).Min(w => PlainDivergences.Entropy(T(r, w)));
        double most = Math.Max(1, s_responses.Max(r => Enumerable.Range(0, Horizon).Max(u => Least(r, u))));
        return Math.Clamp(1 - .1 * Least(y, t) / most, .1, 1);
    });

    private double Sequences(TabularModel p, TabularModel q) => s_responses.Sum(y => Likely(p, y) * Math.Log(Likely(p, y) / Likely(q, y)));

    private double Likely(TabularModel model, long[] y) => At(model, y, 0)[y[0]] * At(model, y, 1)[y[1]] * At(model, y, 2)[y[2]];

    private double[] At(TabularModel model, long[] y, int t) => P(model, TabularModel.Context(y, t));

    // Models of the scene do not change: their distributions are computed once. The student in training is another one at every call.
    private double[] P(TabularModel model, int c)
    {
        if (!_distributions.TryGetValue(model, out double[][]? all))
        {
            if (_distributions.Count > 16) _distributions.Clear();
            _distributions[model] = all = [.. Enumerable.Range(0, TabularModel.Contexts).Select(model.Probabilities)];
        }
        return all[c];
    }

    // What a method holds fixed is a function of the scene.
    private double Held(string what, long[] y, int t, Func<double> value)
    {
        (string, long, int) key = (what, (y[0] * TabularModel.V + y[1]) * TabularModel.V + y[2], t);
        return _held.TryGetValue(key, out double known) ? known : _held[key] = value();
    }

    private double[] T(long[] y, int t) => At(scene.Teacher, y, t);

    private double[] T(int c) => P(scene.Teacher, c);

    private double[] S(int c) => P(scene.Student, c);

    private static double Kl(double[] p, double[] q) => PlainDivergences.Kl(p, q);

    private static double Jsd(double[] s, double[] t) => PlainDivergences.Entries["jsd"](new DivergenceObjectiveRecipe(), s, t);

    private static double SkewForward(double[] s, double[] t) => Kl(t, [.. s.Zip(t, (a, b) => .9 * a + .1 * b)]);

    // The student inside the mixture is the one of the step: no gradient flows there.
    private static double SkewReverse(double[] s, double[] old, double[] t) => Kl(s, [.. old.Zip(t, (a, b) => .1 * a + .9 * b)]);
}
