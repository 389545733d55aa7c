using System.Runtime.CompilerServices;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>Which runs a list shows, in which order.</summary>
internal static class RunFilter
{
    private const string MetricPrefix = "metric:";

    /// <summary>Filters, sorts, and cuts the page out.</summary>
    /// <exception cref="OpdException">OPD4002: an order that is not known, or a page that is none.</exception>
    public static RunList Apply(IEnumerable<CatalogueEntry> runs, ListRunsParams asked)
    {
        if (asked.Offset < 0) throw Refused("offset", asked.Offset, "0 or more");
        if (asked.Limit is < 1 or > 10_000) throw Refused("limit", asked.Limit, "1 to 10000");
        if (asked.Sort is not ("created" or "name" or "state" or "step") && !asked.Sort.StartsWith(MetricPrefix, StringComparison.Ordinal))
            throw new OpdException(ErrorCodes.RequestInvalid, $"sort is \"{asked.Sort}\"; it is created, name, state, step or metric:NAME.");
        string[] words = (asked.Search ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        List<Row> found = Find(runs, asked, words);
        found.Sort(new Order(asked.Descending ? -1 : 1));
        var page = new CatalogueEntry[Math.Clamp(found.Count - asked.Offset, 0, asked.Limit)];
        for (int i = 0; i < page.Length; i++) page[i] = found[asked.Offset + i].Entry;
        return new RunList(new RunRows(page), found.Count);
    }

    [MethodImpl(Compiled.AtOnce)]
    private static List<Row> Find(IEnumerable<CatalogueEntry> runs, ListRunsParams asked, string[] words)
    {
        var found = new List<Row>();
        foreach (CatalogueEntry run in runs)
        {
            if ((run.Archived && !asked.IncludeArchived) || (asked.StarredOnly && !run.Run.Starred)) continue;
            if (asked.States is not null && !asked.States.Contains(run.State)) continue;
            if (words.Length == 0 || Array.TrueForAll(words, word => Has(run.Run, word))) found.Add(Row.Of(run, asked.Sort));
        }
        return found;
    }

    // Runs without the metric come last in either direction; the newest first among equals, so that a page never depends on chance.
    private sealed class Order(int sign) : IComparer<Row>
    {
        [MethodImpl(Compiled.AtOnce)]
        public int Compare(Row a, Row b)
        {
            bool hasA = !double.IsNaN(a.Key), hasB = !double.IsNaN(b.Key);
            int order = hasA && hasB ? sign * a.Key.CompareTo(b.Key) : hasB.CompareTo(hasA);
            if (order == 0 && a.Text is not null) order = sign * string.Compare(a.Text, b.Text, StringComparison.OrdinalIgnoreCase);
            if (order == 0) order = b.Entry.Created.CompareTo(a.Entry.Created);
            return order != 0 ? order : string.CompareOrdinal(a.Entry.Id, b.Entry.Id);
        }
    }

    private static bool Has(Run run, string word) => run.Name.Contains(word, StringComparison.OrdinalIgnoreCase) || run.Id.Contains(word, StringComparison.OrdinalIgnoreCase)
        || run.RecipePath?.Contains(word, StringComparison.OrdinalIgnoreCase) == true || run.Method?.Contains(word, StringComparison.OrdinalIgnoreCase) == true
        || run.Note?.Contains(word, StringComparison.OrdinalIgnoreCase) == true;

    // What a run is sorted by, looked up once and not at every comparison.
    private readonly record struct Row(CatalogueEntry Entry, double Key, string? Text)
    {
        public static Row Of(CatalogueEntry entry, string sort) => sort switch
        {
            "created" => new Row(entry, entry.Created.ToUnixTimeMilliseconds(), null),
            "name" => new Row(entry, 0, entry.Run.Name),
            "state" => new Row(entry, (int)entry.State, null),
            "step" => new Row(entry, entry.Run.Step, null),
            _ => new Row(entry, entry.Run.Latest.TryGetValue(sort[MetricPrefix.Length..], out double value) ? value : double.NaN, null),
        };
    }

    private static OpdException Refused(string name, int value, string bounds) => new(ErrorCodes.RequestInvalid, $"{name} is {value}; it is {bounds}.");
}
