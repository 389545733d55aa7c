using System.Text.Json;
using LiteDB;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// The catalogue on disk: a copy of what the run folders say, so that ten thousand of them need not be read to list them.
/// It is opened for a moment at a time, under a lock of its own, so that any number of daemons can share it; one
/// that is damaged is made anew.
/// </summary>
internal sealed class CatalogueFile(RunsFolder runs)
{
    // Another version's documents are not read but made anew.
    private const string Collection = "runs_2";

    private long _revision;
    private DateTime _written;

    /// <summary>Everything in it.</summary>
    public async Task<IReadOnlyList<CatalogueEntry>> Load(CancellationToken cancel)
    {
        if (!File.Exists(runs.CatalogueFile)) return [];
        return await Use<IReadOnlyList<CatalogueEntry>>(all =>
        {
            BsonDocument[] documents = [.. all.FindAll()];
            _revision = documents.Length == 0 ? 0 : documents.Max(d => d["revision"].AsInt64);
            return [.. documents.AsParallel().Select(Entry)];
        }, [], cancel);
    }

    /// <summary>Ids of runs that other daemons wrote since this one looked last.</summary>
    public async Task<IReadOnlyList<string>> ChangedByOthers(CancellationToken cancel)
    {
        if (!File.Exists(runs.CatalogueFile) || File.GetLastWriteTimeUtc(runs.CatalogueFile) == _written) return [];
        return await Use<IReadOnlyList<string>>(all =>
        {
            BsonDocument[] changed = [.. all.Find(Query.GT("revision", _revision))];
            if (changed.Length > 0) _revision = changed.Max(d => d["revision"].AsInt64);
            return [.. changed.Select(d => d["_id"].AsString)];
        }, [], cancel);
    }

    /// <summary>Writes what changed.</summary>
    public Task Write(IReadOnlyCollection<CatalogueEntry> changed, IReadOnlyCollection<string> removed, CancellationToken cancel) => Use(all =>
    {
        BsonDocument? newest = all.FindOne(Query.All("revision", Query.Descending));
        long revision = Math.Max(_revision, newest?["revision"].AsInt64 ?? 0) + 1;
        // What others wrote in between is still to be looked at: their revisions lie above this daemon's.
        if (newest is null || newest["revision"].AsInt64 <= _revision) _revision = revision;
        all.Upsert(changed.Select(entry => Document(entry, revision)));
        foreach (string id in removed) all.Delete(id);
        return true;
    }, false, cancel);

    /// <summary>Removes the file.</summary>
    public async Task Delete(CancellationToken cancel)
    {
        if (!Directory.Exists(runs.Path)) return;
        using IDisposable held = await runs.LockCatalogue(cancel);
        Drop();
    }

    private async Task<T> Use<T>(Func<ILiteCollection<BsonDocument>, T> work, T absent, CancellationToken cancel)
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

    private T Open<T>(Func<ILiteCollection<BsonDocument>, T> work)
    {
        T result;
        using (var database = new LiteDatabase(new ConnectionString { Filename = runs.CatalogueFile, Connection = ConnectionType.Direct }))
        {
            ILiteCollection<BsonDocument> all = database.GetCollection(Collection);
            all.EnsureIndex("revision");
            result = work(all);
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

    private static BsonDocument Document(CatalogueEntry entry, long revision) => new()
    {
        ["_id"] = entry.Run.Id,
        ["revision"] = revision,
        ["stamp"] = entry.Stamp,
        ["device"] = entry.Device,
        ["name"] = entry.Run.Name,
        ["state"] = entry.Run.State.ToString(),
        ["created"] = entry.Run.Created.UtcDateTime,
        ["starred"] = entry.Run.Starred,
        ["archived"] = entry.Run.Archived,
        ["run"] = RunBytes.Of(entry.Run),
    };

    private static CatalogueEntry Entry(BsonDocument document) => new(document["stamp"].AsString, document["device"].AsString, false, false, RunBytes.Read(document["run"].AsBinary));
}
