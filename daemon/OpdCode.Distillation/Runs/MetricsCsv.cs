using System.Globalization;

namespace OpdCode.Distillation.Runs;

/// <summary>The metrics of a run as a table for spreadsheets: RFC 4180 with a header line, one row a step, one column a metric.</summary>
public static class MetricsCsv
{
    /// <summary>Writes the table. An empty cell: the metric was not measured at that step.</summary>
    /// <param name="run">The run.</param>
    /// <param name="to">Where to; points as decimal separators in every country, lines end with CR LF as the RFC has it.</param>
    /// <exception cref="OpdCode.Protocol.OpdException">OPD3003: a line cannot be read.</exception>
    public static void Write(RunReader run, TextWriter to)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(to);
        IReadOnlyList<StepMetrics> steps = run.ReadMetrics();
        string[] names = [.. steps.SelectMany(s => s.Values.Keys).Distinct().Order(StringComparer.Ordinal)];
        Line(to, names.Select(Quoted).Prepend("step"));
        foreach (StepMetrics step in steps)
            Line(to, names.Select(name => step.Values.TryGetValue(name, out double value) ? Number(value) : "").Prepend(step.Step.ToString(CultureInfo.InvariantCulture)));
    }

    private static void Line(TextWriter to, IEnumerable<string> cells)
    {
        to.Write(string.Join(',', cells));
        to.Write("\r\n");
    }

    // The shortest text that reads back as the same number; names of infinities as pandas and R read them.
    private static string Number(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? (value > 0 ? "inf" : "-inf") : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string name) => name.AsSpan().IndexOfAny(",\"\r\n") < 0 ? name : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
