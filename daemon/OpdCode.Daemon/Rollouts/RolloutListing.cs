using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Lists rollouts: filters, orders, cuts a page.</summary>
internal static class RolloutListing
{
    /// <summary>The page that is asked for.</summary>
    /// <exception cref="OpdException">OPD4002: a parameter is out of range, or the order is not known.</exception>
    public static async Task<RolloutList> List(RolloutStore store, ListRolloutsParams asked, CancellationToken cancel)
    {
        if (asked.Offset < 0 || asked.Limit is < 1 or > 1000) throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/list: offset is {asked.Offset} and limit {asked.Limit}; they are from 0 on, and from 1 to 1,000.");
        (string column, string figure) = Order(asked.Sort);
        var found = new List<(RolloutSummary Rollout, double Value)>();
        foreach ((RolloutFile file, RolloutSummary rollout) in await store.Summaries(asked.RunId, asked.Step, cancel))
        {
            cancel.ThrowIfCancellationRequested();
            if (Fits(file, rollout, asked)) found.Add((rollout, Value(rollout, column, figure)));
        }
        IEnumerable<(RolloutSummary Rollout, double Value)> ordered = column == "index"
            ? asked.Descending ? found.OrderByDescending(f => f.Rollout.Step).ThenByDescending(f => f.Rollout.Index) : found.OrderBy(f => f.Rollout.Step).ThenBy(f => f.Rollout.Index)
            // Those without the number come last either way.
            : (asked.Descending ? found.OrderBy(f => double.IsNaN(f.Value)).ThenByDescending(f => f.Value) : found.OrderBy(f => double.IsNaN(f.Value)).ThenBy(f => f.Value))
                .ThenBy(f => f.Rollout.Step).ThenBy(f => f.Rollout.Index);
        return new RolloutList([.. ordered.Skip(asked.Offset).Take(asked.Limit).Select(f => Info(f.Rollout, column == "index" ? null : f.Value))], found.Count);
    }

    private static (string Column, string Figure) Order(string sort)
    {
        if (sort is "index" or "length") return (sort, "");
        int colon = sort.LastIndexOf(':');
        if (colon > 0 && new ColumnFigures().Find(sort[(colon + 1)..]) is not null) return (sort[..colon], sort[(colon + 1)..]);
        throw new OpdException(ErrorCodes.RequestInvalid, $"rollouts/list: sort is \"{sort}\"; it is index, length, or a column with mean, min, max or sum, for example divergence:mean.");
    }

    private static double Value(RolloutSummary rollout, string column, string figure) => column switch
    {
        "index" => rollout.Index,
        "length" => rollout.Tokens,
        _ => rollout.Columns.TryGetValue(column, out ColumnFigures figures) ? figures.Find(figure)!.Value : double.NaN,
    };

    private static bool Fits(RolloutFile file, RolloutSummary rollout, ListRolloutsParams asked)
    {
        if (asked.Correct is bool correct && rollout.Correct != correct) return false;
        if (asked.Finish is { } finish && rollout.Finish != finish) return false;
        if (asked.PromptId is { } prompt && rollout.PromptId != prompt) return false;
        if (asked.Search is not { Length: > 0 } search) return true;
        if (rollout.Prompt.Contains(search, StringComparison.OrdinalIgnoreCase) || rollout.Response.Contains(search, StringComparison.OrdinalIgnoreCase)) return true;
        RolloutLine line = file.ReadLine(rollout.Line); // the whole texts are in the file only
        return line.Prompt.Contains(search, StringComparison.OrdinalIgnoreCase) || line.Response.Contains(search, StringComparison.OrdinalIgnoreCase);
    }

    private static RolloutInfo Info(RolloutSummary rollout, double? value) => new()
    {
        Step = rollout.Step,
        Index = rollout.Index,
        Prompt = rollout.Prompt,
        Response = rollout.Response,
        Tokens = rollout.Tokens,
        Correct = rollout.Correct,
        Finish = rollout.Finish,
        SortValue = value is double number && double.IsFinite(number) ? number : null,
        MeanDivergence = rollout.Columns.TryGetValue("divergence", out ColumnFigures figures) && double.IsFinite(figures.Mean) ? figures.Mean : null,
        PromptId = rollout.PromptId,
    };
}
