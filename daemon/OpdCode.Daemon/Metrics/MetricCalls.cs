using System.Globalization;
using System.Text;
using OpdCode.Daemon.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Metrics;

/// <summary>Curves, as many points of them as are asked for.</summary>
internal sealed class MetricCalls(Session session, MetricCache cache) : IMetricCalls
{
    private const int MostRuns = 100, MostPoints = 100_000, MostInAll = 2_000_000;

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
            curves.AddRange(cache.With(folder, columns => Take(id, columns, parameters, curves.Sum(c => (long)c.Steps.Count), cancel)));
            IReadOnlyDictionary<string, MetricLabel> known = RunReader.Open(folder).ReadMetricLabels();
            foreach (MetricCurve curve in curves.Skip(before)) labels.TryAdd(curve.Name, Describe(curve.Name, known.GetValueOrDefault(curve.Name)));
        }
        return Task.FromResult(new MetricCurves(curves, labels));
    }

    private static MetricCurve[] Take(string runId, IReadOnlyDictionary<string, MetricColumn> columns, GetMetricsParams parameters, long points, CancellationToken cancel)
    {
        (string Name, MetricColumn Column)[] wanted = [.. (parameters.Names ?? [.. columns.Keys]).Where(columns.ContainsKey).Select(name => (name, columns[name]))];
        // Before they are made: a hundred runs of a hundred curves would fill any memory.
        if (points + wanted.Sum(w => (long)Math.Min(w.Column.Count, parameters.MaxPoints)) > MostInAll)
            throw Wrong("maxPoints", $"is {parameters.MaxPoints} for so many runs and names that the answer would have more than {MostInAll} points; ask for less at a time");
        var curves = new MetricCurve[wanted.Length];
        Parallel.For(0, wanted.Length, new ParallelOptions { CancellationToken = cancel }, i => curves[i] = Take(runId, wanted[i].Name, wanted[i].Column, parameters));
        return curves;
    }

    private static MetricCurve Take(string runId, string name, MetricColumn column, GetMetricsParams parameters)
    {
        (int start, int end) = column.Between(parameters.FromStep, parameters.ToStep ?? int.MaxValue);
        int[] kept = CurveThinning.Keep(column.Values[start..end], parameters.MaxPoints);
        for (int i = 0; i < kept.Length; i++) kept[i] += start;
        return new MetricCurve
        {
            RunId = runId,
            Name = name,
            Steps = Pick(column.Steps, kept, s => s),
            Values = Pick(column.Values, kept, Finite),
            // Smoothed before it is thinned: from all points, also those before the range.
            Smoothed = parameters.Smoothing > 0 ? Array.ConvertAll(CurveSmoothing.At(column.Steps, column.Values, parameters.Smoothing, kept), Finite) : null,
            Points = end - start,
        };
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
