using System.Globalization;
using System.Text;
using OpdCode.Daemon.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Metrics;

/// <summary>Curves, as many points of them as are asked for.</summary>
internal sealed class MetricCalls(Session session, MetricCache cache) : IMetricCalls
{
    private const int MostRuns = 100, MostPoints = 100_000;

    /// <inheritdoc />
    public Task<MetricCurves> GetMetrics(GetMetricsParams parameters, CancellationToken cancel)
    {
        if (parameters.RunIds.Count is 0 or > MostRuns) throw Wrong("runIds", $"has {parameters.RunIds.Count} runs; 1 to {MostRuns} are expected");
        if (parameters.MaxPoints is < 2 or > MostPoints) throw Wrong("maxPoints", $"is {parameters.MaxPoints}; 2 to {MostPoints} are expected");
        if (!(parameters.Smoothing >= 0 && double.IsFinite(parameters.Smoothing))) throw Wrong("smoothing", $"is {parameters.Smoothing}; a number of steps from 0 on is expected");
        var curves = new List<MetricCurve>();
        var labels = new Dictionary<string, MetricDescription>();
        foreach (string id in parameters.RunIds)
        {
            cancel.ThrowIfCancellationRequested();
            string folder = session.RunFolder(id);
            int before = curves.Count;
            curves.AddRange(cache.With(folder, columns => Take(id, columns, parameters)));
            if (curves.Count == before) continue; // a run that waits, or never began, has not written anything
            IReadOnlyDictionary<string, MetricLabel> known = RunReader.Open(folder).ReadMetricLabels();
            foreach (MetricCurve curve in curves.Skip(before)) labels.TryAdd(curve.Name, Describe(curve.Name, known.GetValueOrDefault(curve.Name)));
        }
        return Task.FromResult(new MetricCurves(curves, labels));
    }

    private static List<MetricCurve> Take(string runId, IReadOnlyDictionary<string, MetricColumn> columns, GetMetricsParams parameters)
    {
        var curves = new List<MetricCurve>();
        foreach (string name in parameters.Names ?? [.. columns.Keys])
        {
            if (!columns.TryGetValue(name, out MetricColumn? column)) continue;
            Range range = column.Between(parameters.FromStep, parameters.ToStep ?? int.MaxValue);
            ReadOnlySpan<int> steps = column.Steps[range];
            ReadOnlySpan<double> values = column.Values[range];
            int[] kept = CurveThinning.Keep(values, parameters.MaxPoints);
            // Smoothed before it is thinned: from all points, also those before the range.
            double[]? smooth = parameters.Smoothing > 0 ? CurveSmoothing.Smooth(column.Steps[..range.End], column.Values[..range.End], parameters.Smoothing)[range.Start..] : null;
            curves.Add(new MetricCurve
            {
                RunId = runId,
                Name = name,
                Steps = Pick(steps, kept, s => s),
                Values = Pick(values, kept, Finite),
                Smoothed = smooth is null ? null : Pick(smooth, kept, Finite),
                Points = steps.Length,
            });
        }
        return curves;
    }

    private static TOut[] Pick<TIn, TOut>(ReadOnlySpan<TIn> from, int[] positions, Func<TIn, TOut> as_)
    {
        var picked = new TOut[positions.Length];
        for (int i = 0; i < picked.Length; i++) picked[i] = as_(from[positions[i]]);
        return picked;
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    /// <summary>What a metric is; its own name where the run did not say.</summary>
    internal static MetricDescription Describe(string name, MetricLabel? label) => new(label?.Title ?? name, label?.Unit, label?.Estimator, label?.Sign);

    /// <inheritdoc />
    public Task<WrittenFile> ExportMetrics(ExportMetricsParams parameters, CancellationToken cancel)
    {
        string folder = session.RunFolder(parameters.RunId);
        string text = cache.With(folder, columns => Csv(columns, cancel));
        ChosenFile.Write(parameters.Path, stream => stream.Write(new UTF8Encoding(false).GetBytes(text)));
        return Task.FromResult(new WrittenFile(parameters.Path));
    }

    // One row a step. A step without a metric has an empty field; lines end with CRLF, as RFC 4180 says.
    private static string Csv(IReadOnlyDictionary<string, MetricColumn> columns, CancellationToken cancel)
    {
        var steps = new SortedSet<int>();
        foreach (MetricColumn column in columns.Values)
            foreach (int step in column.Steps) steps.Add(step);
        var text = new StringBuilder("step");
        var at = new int[columns.Count];
        foreach (string name in columns.Keys) text.Append(',').Append(name.AsSpan().IndexOfAny(",\"\r\n") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        text.Append("\r\n");
        foreach (int step in steps)
        {
            cancel.ThrowIfCancellationRequested();
            text.Append(step);
            int c = 0;
            foreach (MetricColumn column in columns.Values)
            {
                text.Append(',');
                if (at[c] < column.Count && column.Steps[at[c]] == step) text.Append(CultureInfo.InvariantCulture, $"{column.Values[at[c]++]:R}");
                c++;
            }
            text.Append("\r\n");
        }
        return text.ToString();
    }

    private static OpdException Wrong(string member, string problem) => new(ErrorCodes.RequestInvalid, $"metrics/get: {member} {problem}.");
}
