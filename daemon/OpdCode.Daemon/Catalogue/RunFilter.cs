using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>Which runs a list shows, in which order.</summary>
internal static class RunFilter
{
    private const string MetricPrefix = "metric:";

    /// <summary>Filters, sorts, and cuts the page out.</summary>
    /// <exception cref="OpdException">OPD4002: an order that is not known, or a page that is none.</exception>
    public static RunList Apply(IEnumerable<Run> runs, ListRunsParams asked)
    {
        if (asked.Offset < 0) throw Refused("offset", asked.Offset, "0 or more");
        if (asked.Limit is < 1 or > 10_000) throw Refused("limit", asked.Limit, "1 to 10000");
        if (asked.Sort is not ("created" or "name" or "state" or "step") && !asked.Sort.StartsWith(MetricPrefix, StringComparison.Ordinal))
            throw new OpdException(ErrorCodes.RequestInvalid, $"sort is \"{asked.Sort}\"; it is created, name, state, step or metric:NAME.");
        string[] words = (asked.Search ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Run[] found = [.. runs.Where(run => (asked.IncludeArchived || !run.Archived) && (!asked.StarredOnly || run.Starred)
            && (asked.States is null || asked.States.Contains(run.State)) && Array.TrueForAll(words, word => Has(run, word)))];
        Array.Sort(found, Order(asked.Sort, asked.Descending));
        return new RunList([.. found.Skip(asked.Offset).Take(asked.Limit)], found.Length);
    }

    private static bool Has(Run run, string word) => run.Name.Contains(word, StringComparison.OrdinalIgnoreCase) || run.Id.Contains(word, StringComparison.OrdinalIgnoreCase)
        || run.RecipePath?.Contains(word, StringComparison.OrdinalIgnoreCase) == true || run.Method?.Contains(word, StringComparison.OrdinalIgnoreCase) == true
        || run.Note?.Contains(word, StringComparison.OrdinalIgnoreCase) == true;

    private static Comparison<Run> Order(string sort, bool descending)
    {
        int sign = descending ? -1 : 1;
        // The newest first among equals, so that a page never depends on chance.
        return (a, b) =>
        {
            int order = sort switch
            {
                "created" => sign * a.Created.CompareTo(b.Created),
                "name" => sign * string.Compare(a.Name, b.Name, StringComparison.OrdinalIgnoreCase),
                "state" => sign * a.State.CompareTo(b.State),
                "step" => sign * a.Step.CompareTo(b.Step),
                _ => Metric(a, b, sort[MetricPrefix.Length..], sign),
            };
            if (order == 0) order = b.Created.CompareTo(a.Created);
            return order != 0 ? order : string.CompareOrdinal(a.Id, b.Id);
        };
    }

    // Runs without the metric come last in either direction.
    private static int Metric(Run a, Run b, string name, int sign)
    {
        bool hasA = a.Latest.TryGetValue(name, out double valueA), hasB = b.Latest.TryGetValue(name, out double valueB);
        return hasA && hasB ? sign * valueA.CompareTo(valueB) : hasB.CompareTo(hasA);
    }

    private static OpdException Refused(string name, int value, string bounds) => new(ErrorCodes.RequestInvalid, $"{name} is {value}; it is {bounds}.");
}
