namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// The catalogue on disk: a copy of what the run folders say, so that ten thousand of them need not be read to list them.
/// </summary>
internal sealed class CatalogueFile(RunsFolder runs)
{
    private readonly SharedDatabase _database = new(runs.CatalogueFile, runs.LockCatalogue);
    private long _revision;

    /// <summary>Everything in it.</summary>
    public async Task<IReadOnlyList<CatalogueEntry>> Load(CancellationToken cancel)
    {
        if (!_database.Exists) return [];
        return await Use<IReadOnlyList<CatalogueEntry>>(content =>
        {
            _revision = content.Newest;
            return [.. content.All().Values.Select(row => row.Entry).OfType<CatalogueEntry>()];
        }, [], cancel);
    }

    /// <summary>Ids of runs that other daemons wrote or removed since this one looked last.</summary>
    public async Task<IReadOnlyList<string>> ChangedByOthers(CancellationToken cancel)
    {
        if (!_database.HasNews) return [];
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
    public Task Delete(CancellationToken cancel)
    {
        _revision = 0;
        return _database.Delete(cancel);
    }

    private Task<T> Use<T>(Func<CatalogueContent, T> work, T absent, CancellationToken cancel) => _database.Use(database => work(new CatalogueContent(database, runs.Path)), () =>
    {
        _revision = 0;
        return absent;
    }, cancel);
}
