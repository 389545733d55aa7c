using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>What the stabilizers did to the tokens of a step, as numbers by name: <c>stabilizer.NAME.weight</c> and so on.</summary>
public sealed class StabilizerMetrics
{
    private readonly Dictionary<string, double> _weight = [], _changed = [], _dropped = [], _shift = [], _added = [], _seen = [];
    private double _tokens;

    /// <summary>Adds a micro-batch.</summary>
    public void Add(TokenRows rows, TokenSignals signals)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(signals);
        _tokens += rows.Weights_N.shape[0];
        foreach (StageTrace stage in rows.Stages.Where(s => !signals.Terms.ContainsKey(s.Name)))
        {
            torch.Tensor counted_N = stage.Before_N.gt(0);
            torch.Tensor factor_N = torch.where(counted_N, stage.After_N / stage.Before_N, torch.zeros_like(stage.After_N));
            torch.Tensor changed_N = factor_N.ne(1);
            if (stage.Shift_N is not null) changed_N = changed_N.logical_or(stage.Shift_N.ne(0));
            Sum(_seen, stage.Name, counted_N.sum().ToDouble());
            Sum(_weight, stage.Name, factor_N.sum().ToDouble());
            Sum(_changed, stage.Name, changed_N.logical_and(counted_N).sum().ToDouble());
            Sum(_dropped, stage.Name, factor_N.eq(0).logical_and(counted_N).sum().ToDouble());
            if (stage.Shift_N is not null) Sum(_shift, stage.Name, stage.Shift_N.abs().sum().ToDouble());
        }
        foreach ((string name, torch.Tensor loss_N) in signals.Terms) Sum(_added, name, loss_N.sum().ToDouble());
    }

    /// <summary>The step's numbers.</summary>
    public IReadOnlyDictionary<string, double> Values
    {
        get
        {
            Dictionary<string, double> values = [];
            foreach ((string name, double seen) in _seen)
            {
                double count = Math.Max(1, seen);
                values[$"stabilizer.{name}.weight"] = _weight[name] / count;
                values[$"stabilizer.{name}.changed"] = _changed[name] / count;
                values[$"stabilizer.{name}.dropped"] = _dropped[name] / count;
                if (_shift.TryGetValue(name, out double shift)) values[$"stabilizer.{name}.shift"] = shift / count;
            }
            foreach ((string name, double added) in _added) values[$"stabilizer.{name}.loss"] = added / Math.Max(1, _tokens);
            return values;
        }
    }

    /// <summary>What the numbers of a pipeline mean.</summary>
    public static IEnumerable<KeyValuePair<string, MetricLabel>> Labels(StabilizerPipeline pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        foreach (string name in pipeline.Names)
        {
            if (pipeline.Terms.FirstOrDefault(t => t.Name == name) is { } term)
            {
                yield return new($"stabilizer.{name}.loss", new MetricLabel { Title = $"Loss added by {name}", Unit = "per token, coefficient included", Estimator = term.Label, Sign = "lower is better" });
                continue;
            }
            const string over = "over the step's tokens that still counted before it";
            yield return new($"stabilizer.{name}.weight", new MetricLabel { Title = $"Mean weight of {name}", Estimator = $"mean of what it multiplied weights with, {over}", Sign = "1: changed nothing; below 1: learns less from the text" });
            yield return new($"stabilizer.{name}.changed", new MetricLabel { Title = $"Changed by {name}", Unit = "fraction of tokens", Estimator = $"tokens whose weight or advantage it changed, {over}" });
            yield return new($"stabilizer.{name}.dropped", new MetricLabel { Title = $"Left out by {name}", Unit = "fraction of tokens", Estimator = $"tokens whose weight it set to 0, {over}" });
            if (name.StartsWith("margin-shift", StringComparison.Ordinal))
                yield return new($"stabilizer.{name}.shift", new MetricLabel { Title = $"Mean shift of {name}", Unit = "nats", Estimator = $"mean of |what it added to the advantage|, {over}", Sign = "0: outcome and teacher agree" });
        }
    }

    private static void Sum(Dictionary<string, double> sums, string name, double value) => sums[name] = sums.GetValueOrDefault(name) + value;
}
