using System.Collections.Concurrent;
using System.Globalization;
using OpdCode.Daemon.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts;

/// <summary>The rollouts of all runs by run, step and position.</summary>
internal sealed class RolloutStore(Session session)
{
    private const int MostOpen = 16, MostKnown = 1024;
    private readonly ConcurrentDictionary<string, RolloutFile> _files = new();
    private readonly Lock _gate = new();
    private readonly LinkedList<((string Path, int Index, DateTime Written) Key, RolloutLine Line)> _open = []; // newest first

    /// <summary>Steps of a run that recorded rollouts, ascending.</summary>
    public IReadOnlyList<int> Steps(string runId) => RunReader.Open(session.RunFolder(runId)).RolloutSteps();

    /// <summary>The file of a step.</summary>
    public RolloutFile File(string runId, int step)
    {
        string path = PathOf(runId, step);
        if (_files.Count >= MostKnown && !_files.ContainsKey(path)) _files.Clear(); // places of lines are found again in a moment
        return _files.GetOrAdd(path, where => new RolloutFile(where));
    }

    /// <summary>One rollout; those that were opened last are at hand.</summary>
    /// <exception cref="OpdException">OPD4002: there is no such rollout.</exception>
    public RolloutLine Read(string runId, int step, int index, CancellationToken cancel)
    {
        string path = PathOf(runId, step);
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

    private string PathOf(string runId, int step) => step >= 0
        ? Path.Combine(session.RunFolder(runId), "rollouts", RunJson.RolloutFileName(step))
        : throw new OpdException(ErrorCodes.RequestInvalid, $"step is {step.ToString(CultureInfo.InvariantCulture)}; steps count from 0.");
}
