using System.Text.Json;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// Reads the catalogue of the folder that a client is about to ask for while the rest of the process is still being put
/// together, and goes once through what a list of it needs. A process that starts has a processor to spare for it.
/// </summary>
/// <param name="time">Source of time stamps.</param>
/// <param name="afterwards">What else that processor may do, where there are runs.</param>
internal sealed class CatalogueAhead(TimeProvider time, Action afterwards)
{
    private Task<RunCatalogue>? _begun;

    /// <summary>Begins it, on a thread of its own: those of the pool are few and answer the client.</summary>
    /// <param name="runs">The folder that holds the run folders; it need not exist.</param>
    public void Begin(RunsFolder runs) => _begun = Task.Factory.StartNew(() => Read(runs), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    /// <summary>The catalogue of a folder: what was begun, once and if it is of this folder, or a new one that knows nothing yet.</summary>
    public async Task<RunCatalogue> Of(RunsFolder runs, CancellationToken cancel)
    {
        if (Interlocked.Exchange(ref _begun, null) is not { } begun) return new RunCatalogue(runs, time);
        try
        {
            RunCatalogue read = await begun.WaitAsync(cancel);
            if (read.Folder.Path == runs.Path) return read;
        }
        catch (OpdException)
        {
            // It is read again below, for somebody who can be told.
        }
        return new RunCatalogue(runs, time);
    }

    private async Task<RunCatalogue> Read(RunsFolder runs)
    {
        var catalogue = new RunCatalogue(runs, time);
        if (await catalogue.Load(CancellationToken.None)) _ = Task.Factory.StartNew(() => Rehearse(catalogue), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return catalogue;
    }

    // Code is compiled when it first runs, which takes several times as long as the work.
    private void Rehearse(RunCatalogue catalogue)
    {
        ListRunsParams asked = JsonSerializer.Deserialize<ListRunsParams>("""{"includeArchived":true,"limit":10000}"""u8, ProtocolJson.Options)!;
        JsonSerializer.Serialize(Stream.Null, catalogue.List(asked), ProtocolJson.Create().WithColumns());
        afterwards();
    }
}
