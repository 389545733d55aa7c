using OpdCode.Distillation.Runs;

namespace OpdCode.Daemon.Reports;

/// <summary>The metrics by column: what a chart wants, and a fraction of the bytes of one object a step.</summary>
internal sealed record Curves
{
    public required IReadOnlyList<int> Steps { get; init; }

    /// <summary>By metric, one entry a step of <see cref="Steps"/>; null where the step did not record it.</summary>
    public required IReadOnlyDictionary<string, double?[]> Columns { get; init; }

    /// <summary>How many steps the run recorded; more than <see cref="Steps"/> when thinned.</summary>
    public required int RecordedSteps { get; init; }

    /// <summary>Sum of <c>seconds</c> over all recorded steps.</summary>
    public required double Seconds { get; init; }

    /// <summary>Sum of <c>responseTokens</c> over all recorded steps.</summary>
    public required double Tokens { get; init; }

    public static Curves Take(RunReader run, ReportOptions options)
    {
        IReadOnlyList<StepMetrics> all = run.ReadMetrics();
        int stride = Math.Max(1, (int)Math.Ceiling(all.Count / (double)options.CurvePoints));
        StepMetrics[] kept =
        [
            .. all.Where((line, position) =>
                position % stride == 0 || position == all.Count - 1 || line.Values.ContainsKey("accuracy")),
        ];
        Dictionary<string, double?[]> columns = [];
        for (int row = 0; row < kept.Length; row++)
        {
            foreach ((string name, double value) in kept[row].Values)
            {
                if (!columns.TryGetValue(name, out double?[]? column))
                {
                    columns[name] = column = new double?[kept.Length];
                }

                column[row] = double.IsFinite(value) ? value : null;
            }
        }

        return new Curves
        {
            Steps = [.. kept.Select(line => line.Step)],
            Columns = columns,
            RecordedSteps = all.Count,
            Seconds = Sum(all, "seconds"),
            Tokens = Sum(all, "responseTokens"),
        };
    }

    private static double Sum(IReadOnlyList<StepMetrics> all, string name) =>
        all.Sum(line => line.Values.TryGetValue(name, out double value) && double.IsFinite(value) ? value : 0);
}
