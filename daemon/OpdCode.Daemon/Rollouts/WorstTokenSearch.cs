using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>
/// Finds the tokens that stand out, by distance from the neutral value. A rollout whose greatest distance is below what
/// was found already is not opened.
/// </summary>
internal static class WorstTokenSearch
{
    private const int Around = 40;

    /// <summary>The tokens, farthest first.</summary>
    /// <exception cref="OpdException">OPD4002: the count is out of range, or no rollout has the column.</exception>
    public static async Task<WorstTokens> Find(RolloutStore store, WorstTokensParams asked, CancellationToken cancel)
    {
        if (asked.Count is < 1 or > 1000) throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/worst: count is {asked.Count}; 1 to 1,000 are expected.");
        ColumnKind? kind = null;
        var worst = new PriorityQueue<WorstToken, double>(); // the nearest of them first
        foreach ((RolloutFile file, RolloutSummary rollout) in ByReach(await store.Summaries(asked.RunId, asked.Step, cancel), asked))
        {
            double reach = Reach(rollout, asked.Column, kind?.Neutral ?? 0);
            if (kind is not null && worst.Count == asked.Count && worst.TryPeek(out _, out double nearest) && reach <= nearest) continue;
            cancel.ThrowIfCancellationRequested();
            RolloutLine line = file.ReadLine(rollout.Line);
            kind ??= ColumnKind.Find(line, asked.Column)!;
            Add(worst, line, kind, asked.Count);
        }
        if (kind is null)
            throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/worst: no rollout{(asked.Step is int step ? $" of step {step}" : "")} recorded \"{asked.Column}\".");
        var tokens = new WorstToken[worst.Count];
        for (int i = tokens.Length - 1; i >= 0; i--) tokens[i] = worst.Dequeue();
        return new WorstTokens(kind.Label, tokens);
    }

    private static IEnumerable<(RolloutFile File, RolloutSummary Rollout)> ByReach(IEnumerable<(RolloutFile File, RolloutSummary Rollout)> rollouts, WorstTokensParams asked) =>
        rollouts.Where(r => r.Rollout.Columns.ContainsKey(asked.Column))
            .OrderByDescending(r => Reach(r.Rollout, asked.Column, asked.Column is "weight" or "teacherRank" || asked.Column.StartsWith("stage:", StringComparison.Ordinal) ? 1 : 0));

    private static double Reach(RolloutSummary rollout, string column, double neutral)
    {
        ColumnFigures figures = rollout.Columns[column];
        return double.IsNaN(figures.Least) ? -1 : Math.Max(Math.Abs(figures.Least - neutral), Math.Abs(figures.Greatest - neutral));
    }

    private static void Add(PriorityQueue<WorstToken, double> worst, RolloutLine line, ColumnKind kind, int count)
    {
        float[] values = kind.Values(line);
        (int[] starts, int[] ends) = TokenRanges.Of(line);
        for (int t = 0; t < values.Length; t++)
        {
            if (!float.IsFinite(values[t]) || !line.IsTrained(t)) continue;
            double distance = Math.Abs(values[t] - kind.Neutral);
            if (worst.Count == count && worst.TryPeek(out _, out double nearest) && distance <= nearest) continue;
            string before = line.Response[Math.Max(0, starts[t] - Around)..starts[t]], after = line.Response[ends[t]..Math.Min(line.Response.Length, ends[t] + Around)];
            worst.Enqueue(new WorstToken(line.Step, line.Index, t, line.Texts?[t] ?? "", before, after, values[t]), distance);
            if (worst.Count > count) worst.Dequeue();
        }
    }
}
