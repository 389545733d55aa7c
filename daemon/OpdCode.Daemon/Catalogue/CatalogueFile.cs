namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// The catalogue on disk: a copy of what the run folders say, so that ten thousand of them need not be read to list them.
/// </summary>
internal sealed class CatalogueFile(RunsFolder runs)
{
    private readonly SharedDatabase _database = new(runs.CatalogueFile, runs.LockCatalogue);
    private readonly RunListFile _list = new(runs);
    private long _revision;
    private bool _isBehind; // others wrote what was not looked at yet
    private DateTime _kept; // what the list file is a copy of

    /// <summary>Everything in it.</summary>
    public async Task<IReadOnlyList<CatalogueEntry>> Load(CancellationToken cancel)
    {
        if (!_database.Exists) return [];
        if (_list.Read(_database.Written) is { } copy)
        {
            (_revision, _database.Seen, _kept) = (copy.Revision, copy.Written, copy.Written);
            return copy.Runs;
        }
        return await Use<IReadOnlyList<CatalogueEntry>>(content =>
        {
            _revision = content.Newest;
            return [.. content.All().Values.Select(row => row.Entry).OfType<CatalogueEntry>()];
        }, [], cancel);
    }

    /// <summary>Ids of runs that other daemons wrote or removed since this one looked last.</summary>
    public async Task<IReadOnlyList<string>> ChangedByOthers(CancellationToken cancel)
    {
        if (!_isBehind && !_database.HasNews) return [];
        return await Use<IReadOnlyList<string>>(content =>
        {
            IReadOnlyList<string> changed = content.ChangedSince(_revision);
            (_revision, _isBehind) = (content.Newest, false);
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
        _isBehind |= !hasSeenAll;
        return true;
    }, false, cancel);

    /// <summary>Leaves a copy for the next process, unless there is one, or somebody else wrote the catalogue last.</summary>
    /// <param name="all">Every run.</param>
    public void Keep(IEnumerable<CatalogueEntry> all)
    {
        DateTime written = _database.Seen;
        if (_kept == written || _isBehind || !_database.Exists || _database.HasNews) return;
        if (_list.Write(new RunListFile.Copy(written, _revision, [.. all]))) _kept = written;
    }

    /// <summary>Removes the file.</summary>
    public Task Delete(CancellationToken cancel)
    {
        Forget();
        return _database.Delete(cancel);
    }

    private Task<T> Use<T>(Func<CatalogueContent, T> work, T absent, CancellationToken cancel) => _database.Use(database => work(new CatalogueContent(database, runs.Path)), () =>
    {
        Forget();
        return absent;
    }, cancel);

    private void Forget()
    {
        (_revision, _isBehind, _kept) = (0, false, default);
        _list.Delete();
    }
}
