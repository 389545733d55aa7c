using System.Collections.Concurrent;
using OpdCode.Daemon.Rollouts;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>
/// All runs of a runs folder: in memory for lists, in <see cref="CatalogueFile"/> for the next start, and in truth in
/// the run folders, which win wherever they differ.
/// </summary>
internal sealed class RunCatalogue(RunsFolder runs, TimeProvider time)
{
    private const int ManyRuns = 10_000; // room for so many from the start: growing there takes longer than reading them
    private readonly CatalogueFile _file = new(runs);
    private readonly ConcurrentDictionary<string, CatalogueEntry> _entries = new(Environment.ProcessorCount, ManyRuns, StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RunFolderReader> _readers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _unwritten = new(StringComparer.Ordinal); // true: removed
    private readonly ConcurrentDictionary<string, bool> _untold = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _queue = [];
    private DateTime _scanned;
    private bool _isLoaded;

    /// <summary>The runs folder.</summary>
    public RunsFolder Folder => runs;

    /// <summary>Takes over what the file knows, once; nothing of it is believed of runs that were active.</summary>
    /// <returns>False when there was nothing to take over.</returns>
    public async Task<bool> Load(CancellationToken cancel)
    {
        if (!_isLoaded)
            foreach (CatalogueEntry entry in await _file.Load(cancel)) _entries.TryAdd(entry.Id, entry);
        _isLoaded = true;
        return !_entries.IsEmpty;
    }

    /// <summary>Compares every run folder with what is known of it.</summary>
    /// <param name="processors">How many folders are read at one time.</param>
    /// <param name="cancel">Ends it in the middle; what was read by then counts.</param>
    /// <returns>Ids of runs that are new, changed or gone.</returns>
    public IReadOnlyList<string> Scan(int processors, CancellationToken cancel)
    {
        _scanned = FolderTime();
        var changed = new ConcurrentBag<string>();
        HashSet<string> present = [.. runs.RunIds()];
        foreach (string gone in _entries.Keys.Where(id => !present.Contains(id)))
            if (Remove(gone)) changed.Add(gone);
        Parallel.ForEach(present, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = processors }, id =>
        {
            if (_entries.TryGetValue(id, out CatalogueEntry? known) && RunLife.IsEnded(known.State) && known.Stamp == new RunFolderReader(runs.PathOf(id)).Stamp()) return;
            if (Refresh(id)) changed.Add(id);
        });
        return [.. changed];
    }

    /// <summary>Looks for run folders that came or went, and at what other daemons wrote; cheap when nothing did.</summary>
    public async Task<IReadOnlyList<string>> Look(CancellationToken cancel)
    {
        var changed = new List<string>();
        if (FolderTime() != _scanned)
        {
            _scanned = FolderTime();
            HashSet<string> present = [.. runs.RunIds()];
            changed.AddRange(_entries.Keys.Where(id => !present.Contains(id)).Where(Remove));
            changed.AddRange(present.Where(id => !_entries.ContainsKey(id)).Where(Refresh));
        }
        changed.AddRange((await _file.ChangedByOthers(cancel)).Where(Refresh));
        return changed;
    }

    /// <summary>Reads what is new in a run folder.</summary>
    /// <returns>Whether the run changed.</returns>
    public bool Refresh(string id)
    {
        string folder = runs.PathOf(id);
        if (!RunFolderReader.IsRun(folder)) return Remove(id);
        RunFolderReader reader = _readers.GetOrAdd(id, _ => new RunFolderReader(folder));
        CatalogueEntry entry;
        try
        {
            lock (reader) entry = reader.Read(QueuePosition(id), time.GetUtcNow());
        }
        catch (Exception moving) when (moving is IOException or UnauthorizedAccessException)
        {
            return false; // it is being moved or deleted; the next look tells
        }
        // What ended is read from its start should it ever change: ten thousand readers are not kept for that.
        if (RunLife.IsEnded(entry.State)) _readers.TryRemove(id, out _);
        bool changed = !_entries.TryGetValue(id, out CatalogueEntry? before) || before.Stamp != entry.Stamp || before.State != entry.State
            || before.Run.QueuePosition != entry.Run.QueuePosition || before.Alive != entry.Alive || before.IsOrphaned != entry.IsOrphaned;
        _entries[id] = entry;
        if (changed) _unwritten[id] = false;
        if (changed) _untold[id] = true;
        return changed;
    }

    /// <summary>Forgets a run whose folder is gone.</summary>
    public bool Remove(string id)
    {
        _readers.TryRemove(id, out _);
        if (!_entries.TryRemove(id, out _)) return false;
        _unwritten[id] = true;
        _untold[id] = true;
        return true;
    }

    /// <summary>Takes over the order of the queue.</summary>
    /// <returns>Ids of runs whose place changed.</returns>
    public IReadOnlyList<string> SetQueue(IReadOnlyList<string> order)
    {
        if (order.SequenceEqual(_queue)) return [];
        string[] touched = [.. _queue.Union(order)];
        _queue = order;
        return [.. touched.Where(Refresh)];
    }

    /// <summary>Writes what changed into the file.</summary>
    public async Task Write(CancellationToken cancel)
    {
        if (_unwritten.IsEmpty) return;
        KeyValuePair<string, bool>[] batch = [.. _unwritten];
        foreach (KeyValuePair<string, bool> item in batch) _unwritten.TryRemove(item);
        try
        {
            await _file.Write([.. batch.Where(b => !b.Value).Select(b => Find(b.Key)).OfType<CatalogueEntry>()], [.. batch.Where(b => b.Value).Select(b => b.Key)], cancel);
        }
        catch
        {
            foreach ((string id, bool removed) in batch) _unwritten.TryAdd(id, removed);
            throw;
        }
    }

    /// <summary>Leaves a copy of what is known for the next process to begin with.</summary>
    public void Keep() => _file.Keep(_entries.Values);

    /// <summary>Forgets everything and reads all run folders, the index of their rollouts included.</summary>
    public async Task Rebuild(CancellationToken cancel)
    {
        await _file.Delete(cancel);
        _entries.Clear();
        _readers.Clear();
        _unwritten.Clear();
        Scan(Environment.ProcessorCount, cancel);
        await Write(cancel);
        await new RolloutIndex(runs).Rebuild(cancel);
    }

    /// <summary>A run; null when there is none of that id.</summary>
    public CatalogueEntry? Find(string id) => _entries.GetValueOrDefault(id);

    /// <summary>A run.</summary>
    /// <exception cref="OpdException">OPD3005: there is none of that id.</exception>
    public CatalogueEntry Require(string id)
    {
        if (!_entries.ContainsKey(id)) Refresh(id);
        return Find(id) ?? throw new OpdException(ErrorCodes.RunNotFound, $"There is no run \"{id}\" in {runs.Path}. `opdcode runs list` shows those there are; `opdcode runs rebuild` reads the folders again.");
    }

    /// <summary>Whether something changed that nobody was told.</summary>
    public bool HasNews => !_untold.IsEmpty;

    /// <summary>Notes that clients are to be told of a run, whether its files changed or not.</summary>
    public void Mention(string id) => _untold[id] = true;

    /// <summary>What changed since the last time, and is now told.</summary>
    /// <param name="most">How many runs at most; the others are for the next time.</param>
    public RunsChanged TakeNews(int most)
    {
        string[] ids = [.. _untold.Keys.Take(most)];
        foreach (string id in ids) _untold.TryRemove(id, out _);
        return new RunsChanged([.. ids.Select(id => Find(id)?.Run).OfType<Run>()], [.. ids.Where(id => Find(id) is null)]);
    }

    /// <summary>Takes what is known now for told: a client that comes asks for lists.</summary>
    public void ForgetNews() => _untold.Clear();

    /// <summary>All runs, in no order.</summary>
    public IEnumerable<CatalogueEntry> All => _entries.Values;

    /// <summary>A page of runs.</summary>
    /// <exception cref="OpdException">OPD4002: an order that is not known, or a page that is none.</exception>
    public RunList List(ListRunsParams asked) => RunFilter.Apply(_entries.Values, asked);

    private int? QueuePosition(string id)
    {
        for (int i = 0; i < _queue.Count; i++)
            if (_queue[i] == id) return i + 1;
        return null;
    }

    private DateTime FolderTime() => Directory.GetLastWriteTimeUtc(runs.Path);
}
