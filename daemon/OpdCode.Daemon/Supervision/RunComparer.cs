using System.Text.Json.Nodes;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>Settings and last metrics of several runs side by side.</summary>
internal static class RunComparer
{
    /// <summary>Compares; the first run is the baseline.</summary>
    /// <exception cref="OpdException">OPD4002: fewer than two runs. OPD3003: a recipe is damaged.</exception>
    public static RunComparison Compare(IReadOnlyList<Run> runs, bool onlyDifferences)
    {
        if (runs.Count is < 2 or > 100) throw new OpdException(ErrorCodes.RequestInvalid, $"runIds names {runs.Count} run(s); 2 to 100 can be compared.");
        Dictionary<string, string>[] settings = [.. runs.Select(Settings)];
        IEnumerable<ComparedSetting> rows = InOrder(settings).Select(path => new ComparedSetting(path, [.. settings.Select(s => s.GetValueOrDefault(path))]));
        if (onlyDifferences) rows = rows.Where(row => row.Values.Distinct().Count() > 1);
        IReadOnlyDictionary<string, MetricLabel>[] labels = [.. runs.Where(run => run.Latest.Count > 0).Select(run => RunReader.Open(run.Folder).ReadMetricLabels())]; // others have not written anything
        IEnumerable<ComparedMetric> metrics = runs.SelectMany(r => r.Latest.Keys).Distinct().Order(StringComparer.Ordinal).Select(name => Metric(name, runs, labels));
        return new RunComparison([.. runs.Select(r => r.Id)], [.. rows], [.. metrics]);
    }

    private static ComparedMetric Metric(string name, IReadOnlyList<Run> runs, IReadOnlyDictionary<string, MetricLabel>[] labels)
    {
        double?[] values = [.. runs.Select(r => r.Latest.TryGetValue(name, out double value) ? value : (double?)null)];
        MetricLabel? label = labels.Select(l => l.GetValueOrDefault(name)).FirstOrDefault(l => l is not null);
        return new ComparedMetric(name, label is null ? null : new MetricDescription(label.Title ?? name, label.Unit, label.Estimator, label.Sign), values, [.. values.Select(v => v - values[0])]);
    }

    // In the order of the recipes, settings that only later runs have behind.
    private static IEnumerable<string> InOrder(Dictionary<string, string>[] settings) => settings.SelectMany(s => s.Keys).Distinct();

    private static Dictionary<string, string> Settings(Run run)
    {
        var found = new Dictionary<string, string>();
        if (RecordedRecipe.Read(run.Folder) is not { } recipe) return found;
        recipe.Remove("run"); // facts of the run, no settings
        Add(found, "", recipe);
        return found;
    }

    private static void Add(Dictionary<string, string> found, string path, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } members:
                foreach ((string name, JsonNode? value) in members) Add(found, path.Length == 0 ? name : $"{path}.{name}", value);
                break;
            case JsonArray { Count: > 0 } items when items.Any(i => i is JsonObject):
                for (int i = 0; i < items.Count; i++) Add(found, FormattableString.Invariant($"{path}[{i}]"), items[i]);
                break;
            default:
                found[path] = node?.ToJsonString() ?? "null";
                break;
        }
    }
}
