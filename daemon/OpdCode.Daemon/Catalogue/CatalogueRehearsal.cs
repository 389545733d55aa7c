using LiteDB;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// Goes once through what a list of runs needs, on a catalogue in memory: code is compiled when it first runs, which
/// takes ten times as long here as the work. A process that starts has a processor to spare for it until somebody asks.
/// </summary>
internal static class CatalogueRehearsal
{
    /// <summary>Begins it, on a thread of its own: those of the pool are few and answer the client.</summary>
    public static Task Begin() => Task.Factory.StartNew(Rehearse, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Rehearse()
    {
        var run = new Run { Id = "a", Folder = "a", Name = "a", State = RunState.Completed, Step = 1, Steps = 1, Created = DateTimeOffset.UnixEpoch, Latest = new Dictionary<string, double> { ["a"] = 1 } };
        using var memory = new MemoryStream();
        using var database = new LiteDatabase(memory);
        var content = new CatalogueContent(database, "a");
        content.Write([.. Enumerable.Range(0, CataloguePage.Most + 1).Select(i => new CatalogueEntry(run with { Id = $"{i}" }) { Stamp = "", Device = "" })], [], 0);
        content.Write([new CatalogueEntry(run) { Stamp = "", Device = "" }], [], 0);
        RunList list = RunFilter.Apply(content.All().Values.Select(row => row.Entry!), new ListRunsParams { Limit = 10_000 });
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(list, ProtocolJson.Create().WithColumns());
    }
}
