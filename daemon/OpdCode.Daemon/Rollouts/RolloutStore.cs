using System.Collections.Concurrent;
using System.Globalization;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>The rollouts of all runs by run, step and position.</summary>
internal sealed class RolloutStore(Session session)
{
    private const int MostOpen = 16, MostKnown = 4096;
    private readonly ConcurrentDictionary<string, RolloutFile> _files = new();
    private readonly ConcurrentDictionary<string, bool> _indexed = new(); // run folders whose index was read
    private readonly Lock _gate = new();
    private readonly LinkedList<((string Path, int Index, DateTime Written) Key, RolloutLine Line)> _open = []; // newest first

    /// <summary>
    /// Every rollout of a run in short, with its file, in the order of their steps. What an earlier process read of them is
    /// in the index; what is read now is put there for the next one.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="step">One step of it; null: all.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="OpdException">OPD3003: a line is damaged.</exception>
    public async Task<IReadOnlyList<(RolloutFile File, RolloutSummary Rollout)>> Summaries(string runId, int? step, CancellationToken cancel)
    {
        if (step is int one) return [.. Newest(File(runId, one), cancel)];
        string folder = session.RunFolder(runId);
        IReadOnlyList<int> steps = RunReader.Open(folder).RolloutSteps();
        var index = new RolloutIndex(new RunsFolder(session.RunsDirectory));
        IReadOnlyDictionary<int, IndexedStep> known = _indexed.ContainsKey(folder) ? new Dictionary<int, IndexedStep>() : await Load(index, runId, cancel);
        var found = new IReadOnlyList<(RolloutFile, RolloutSummary)>[steps.Count];
        var read = new ConcurrentBag<IndexedStep>();
        Parallel.For(0, steps.Count, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            RolloutFile file = File(runId, steps[i]);
            bool isKnown = file.HasSummaries || (known.TryGetValue(steps[i], out IndexedStep? before) && file.TakeOver(before));
            found[i] = [.. Newest(file, cancel)];
            if (!isKnown && file.ToIndex(steps[i], cancel) is { } now) read.Add(now);
        });
        _indexed[folder] = true;
        int[] gone = [.. known.Keys.Except(steps)];
        if (!read.IsEmpty || gone.Length > 0) await Write(index, runId, read, gone, cancel);
        return [.. found.SelectMany(f => f)];
    }

    // A resumed run may have written a step again; then the later line counts.
    private static IEnumerable<(RolloutFile, RolloutSummary)> Newest(RolloutFile file, CancellationToken cancel) =>
        file.Summaries(cancel).GroupBy(s => s.Index).Select(g => (file, g.Last()));

    private static async Task<IReadOnlyDictionary<int, IndexedStep>> Load(RolloutIndex index, string runId, CancellationToken cancel)
    {
        try
        {
            return await index.Load(runId, cancel);
        }
        catch (OpdException)
        {
            return new Dictionary<int, IndexedStep>(); // a folder that cannot be written has no index: its files say the same, later
        }
    }

    private static async Task Write(RolloutIndex index, string runId, IReadOnlyCollection<IndexedStep> read, IReadOnlyCollection<int> gone, CancellationToken cancel)
    {
        try
        {
            await index.Write(runId, read, gone, cancel);
        }
        catch (OpdException)
        {
            // The same: who asks for a list gets it.
        }
    }

    /// <summary>The file of a step.</summary>
    public RolloutFile File(string runId, int step)
    {
        string path = FileOf(runId, step);
        if (_files.Count >= MostKnown && !_files.ContainsKey(path))
        {
            _files.Clear(); // places of lines are found again in a moment
            _indexed.Clear();
        }
        return _files.GetOrAdd(path, where => new RolloutFile(where));
    }

    /// <summary>One rollout; those that were opened last are at hand.</summary>
    /// <exception cref="OpdException">OPD4002: there is no such rollout.</exception>
    public RolloutLine Read(string runId, int step, int index, CancellationToken cancel)
    {
        string path = FileOf(runId, step);
        (string, int, DateTime) key = (path, index, System.IO.File.Exists(path) ? System.IO.File.GetLastWriteTimeUtc(path) : default);
        lock (_gate)
        {
            for (var node = _open.First; node is not null; node = node.Next)
            {
                if (node.Value.Key != key) continue;
                _open.Remove(node);
                _open.AddFirst(node);
                return node.Value.Line;
            }
        }
        RolloutLine line = File(runId, step).Read(index, cancel)
            ?? throw new OpdException(ErrorCodes.RequestInvalid, $"Run {runId} has no rollout {index.ToString(CultureInfo.InvariantCulture)} in step {step.ToString(CultureInfo.InvariantCulture)}. Ask rollouts/list for those that it has.");
        lock (_gate)
        {
            _open.AddFirst((key, line));
            if (_open.Count > MostOpen) _open.RemoveLast();
        }
        return line;
    }

    /// <summary>The file of a step in a run folder, whether it is there or not.</summary>
    public static string PathOf(string folder, int step) => Path.Combine(folder, "rollouts", RunJson.RolloutFileName(step));

    private string FileOf(string runId, int step) => step >= 0
        ? PathOf(session.RunFolder(runId), step)
        : throw new OpdException(ErrorCodes.RequestInvalid, $"step is {step.ToString(CultureInfo.InvariantCulture)}; steps count from 0.");
}
