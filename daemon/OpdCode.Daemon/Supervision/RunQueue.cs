using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>The order in which runs wait, on disk: it survives every daemon. It is changed under the lock of the runs folder.</summary>
internal sealed class RunQueue(RunsFolder runs)
{
    /// <summary>Ids from the first to the last.</summary>
    public IReadOnlyList<string> Read() => SmallFile.Read<Order>(runs.QueueFile)?.Runs ?? [];

    /// <summary>Changes the order; nobody else does meanwhile.</summary>
    /// <param name="change">Gets the ids and changes them.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="OpdException">OPD3003: the folder refuses.</exception>
    public async Task Change(Func<List<string>, Task> change, CancellationToken cancel)
    {
        using IDisposable held = await runs.Lock(cancel);
        IReadOnlyList<string> before = Read();
        List<string> after = [.. before];
        await change(after);
        if (!after.SequenceEqual(before)) SmallFile.Write(runs.QueueFile, new Order(1, after));
    }

    /// <summary>Whether two recipes' devices may be the same one. What <c>auto</c> means is known only to the worker, so it may be any.</summary>
    public static bool MayCollide(string device, string other) => device == "auto" || other == "auto" || Exact(device) == Exact(other);

    private static string Exact(string device) => device == "cuda" ? "cuda:0" : device;

    /// <summary><c>queue.json</c>.</summary>
    /// <param name="Version">Version of the file's format. Always 1 today.</param>
    /// <param name="Runs">Ids from the first to the last.</param>
    private sealed record Order(int Version, IReadOnlyList<string> Runs);
}
