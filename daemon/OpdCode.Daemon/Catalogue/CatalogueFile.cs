using System.Text.Json;
using LiteDB;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// The catalogue on disk: a copy of what the run folders say, so that ten thousand of them need not be read to list them.
/// The file is opened for a moment at a time, under a lock of its own, so that any number of daemons can share it; one
/// that is damaged is made anew.
/// </summary>
internal sealed class CatalogueFile(RunsFolder runs)
{
    private long _revision;
    private DateTime _written;

    /// <summary>Everything in it.</summary>
    public async Task<IReadOnlyList<CatalogueEntry>> Load(CancellationToken cancel)
    {
        if (!File.Exists(runs.CatalogueFile)) return [];
        return await Use<IReadOnlyList<CatalogueEntry>>(content =>
        {
            _revision = content.Newest;
            return [.. content.All().Values.Select(row => row.Entry).OfType<CatalogueEntry>()];
        }, [], cancel);
    }

    /// <summary>Ids of runs that other daemons wrote or removed since this one looked last.</summary>
    public async Task<IReadOnlyList<string>> ChangedByOthers(CancellationToken cancel)
    {
        if (!File.Exists(runs.CatalogueFile) || File.GetLastWriteTimeUtc(runs.CatalogueFile) == _written) return [];
        return await Use<IReadOnlyList<string>>(content =>
        {
            IReadOnlyList<string> changed = content.ChangedSince(_revision);
            _revision = content.Newest;
            return changed;
        }, [], cancel);
    }

    /// <summary>Writes what changed.</summary>
    public Task Write(IReadOnlyCollection<CatalogueEntry> changed, IReadOnlyCollection<string> removed, CancellationToken cancel) => Use(content =>
    {
        bool hasSeenAll = content.Newest <= _revision;
        long revision = content.Write(changed, removed, _revision);
        // What others wrote in between is still to be looked at: their revisions lie above this daemon's.
        if (hasSeenAll) _revision = revision;
        return true;
    }, false, cancel);

    /// <summary>Removes the file.</summary>
    public async Task Delete(CancellationToken cancel)
    {
        if (!Directory.Exists(runs.Path)) return;
        using IDisposable held = await runs.LockCatalogue(cancel);
        Drop();
    }

    private async Task<T> Use<T>(Func<CatalogueContent, T> work, T absent, CancellationToken cancel)
    {
        using IDisposable held = await runs.LockCatalogue(cancel);
        try
        {
            return Open(work);
        }
        catch (Exception damage) when (damage is LiteException or AggregateException or InvalidCastException or JsonException or NullReferenceException or ArgumentException or IndexOutOfRangeException or InvalidDataException or EndOfStreamException)
        {
            // Nothing is in it that the folders do not say.
            Drop();
            return absent;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"The catalogue {runs.CatalogueFile} cannot be used: {failure.Message} Check the disk and whose file it is.", failure);
        }
    }

    private T Open<T>(Func<CatalogueContent, T> work)
    {
        T result;
        using (var database = new LiteDatabase(new ConnectionString { Filename = runs.CatalogueFile, Connection = ConnectionType.Direct }))
        {
            result = work(new CatalogueContent(database, runs.Path));
        }
        _written = File.GetLastWriteTimeUtc(runs.CatalogueFile);
        return result;
    }

    private void Drop()
    {
        _revision = 0;
        File.Delete(runs.CatalogueFile);
        File.Delete(Path.ChangeExtension(runs.CatalogueFile, null) + "-log.db");
    }
}
