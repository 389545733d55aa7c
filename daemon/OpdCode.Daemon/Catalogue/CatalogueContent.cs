using LiteDB;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// What is in an open catalogue. Nearly all runs lie in blocks that are never changed; those that changed since lie beside
/// them, one document each, and win, until there are so many that all are put into blocks again. A change is
/// therefore one small document, and reading everything a few dozen large ones.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="place">Full path of the runs folder.</param>
internal sealed class CatalogueContent(LiteDatabase database, string place)
{
    // Another version's documents are not read but made anew.
    private readonly ILiteCollection<BsonDocument> _pages = database.GetCollection("pages_3"), _recent = database.GetCollection("recent_3"), _head = database.GetCollection("head_3");

    /// <summary>The revision of the newest change; 0 before the first.</summary>
    public long Newest => Head("newest");

    /// <summary>Every run, with the revision of its last change; one that was removed has no entry, or is not there.</summary>
    /// <exception cref="InvalidDataException">A block is damaged.</exception>
    public Dictionary<string, (CatalogueEntry? Entry, long Revision)> All()
    {
        var all = new Dictionary<string, (CatalogueEntry? Entry, long Revision)>(StringComparer.Ordinal);
        foreach (BsonDocument page in _pages.FindAll())
            foreach ((CatalogueEntry entry, long revision) in CataloguePage.Read(page["rows"].AsBinary, place)) all[entry.Id] = (entry, revision);
        foreach ((string id, CatalogueEntry? entry, long revision) in Recent()) all[id] = (entry, revision);
        return all;
    }

    /// <summary>Ids of runs that changed or were removed after a revision.</summary>
    public IReadOnlyList<string> ChangedSince(long revision)
    {
        if (Newest <= revision) return [];
        // What changed lies beside the blocks, unless it was put into blocks meanwhile.
        return Head("packed") <= revision ? [.. Recent().Where(row => row.Revision > revision).Select(row => row.Id)] : [.. All().Where(row => row.Value.Revision > revision).Select(row => row.Key)];
    }

    /// <summary>Writes what changed, all or nothing.</summary>
    /// <param name="changed">Runs that are new or different.</param>
    /// <param name="removed">Ids of runs that are gone.</param>
    /// <param name="known">The newest revision that the writer knows.</param>
    /// <returns>The revision of the change.</returns>
    public long Write(IReadOnlyCollection<CatalogueEntry> changed, IReadOnlyCollection<string> removed, long known)
    {
        long revision = Math.Max(known, Newest) + 1, packed = Head("packed");
        database.BeginTrans();
        if (_recent.Count() + changed.Count + removed.Count > CataloguePage.Most)
        {
            Pack(changed, removed, revision);
            packed = revision;
        }
        else
        {
            _recent.Upsert(changed.Select(entry => new BsonDocument { ["_id"] = entry.Id, ["revision"] = revision, ["rows"] = CataloguePage.Write([(entry, revision)], place) }));
            _recent.Upsert(removed.Select(id => new BsonDocument { ["_id"] = id, ["revision"] = revision }));
        }
        _head.Upsert(new BsonDocument { ["_id"] = 0, ["newest"] = revision, ["packed"] = packed });
        database.Commit();
        return revision;
    }

    private long Head(string name) => _head.FindById(0) is { } head ? head[name].AsInt64 : 0;

    private IEnumerable<(string Id, CatalogueEntry? Entry, long Revision)> Recent() => _recent.FindAll().Select(d =>
        (d["_id"].AsString, d["rows"] is { IsBinary: true } rows ? CataloguePage.Read(rows.AsBinary, place)[0].Entry : null, d["revision"].AsInt64));

    private void Pack(IReadOnlyCollection<CatalogueEntry> changed, IReadOnlyCollection<string> removed, long revision)
    {
        Dictionary<string, (CatalogueEntry? Entry, long Revision)> all = All();
        foreach (CatalogueEntry entry in changed) all[entry.Id] = (entry, revision);
        foreach (string id in removed) all.Remove(id);
        _pages.DeleteAll();
        _recent.DeleteAll();
        _pages.Insert(all.Values.Where(row => row.Entry is not null).Select(row => (Entry: row.Entry!, row.Revision)).OrderBy(row => row.Entry.Id, StringComparer.Ordinal)
            .Chunk(CataloguePage.Most).Select((rows, i) => new BsonDocument { ["_id"] = i, ["rows"] = CataloguePage.Write(rows, place) }));
    }
}
