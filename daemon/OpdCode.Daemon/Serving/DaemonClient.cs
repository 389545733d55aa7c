using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// What the daemon tells its client. Only the newest of each run and of each progress counts, so notifications are
/// gathered and sent at most ten times a second.
/// </summary>
internal sealed class DaemonClient : IDaemonClient, IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Run> _runs = [];
    private readonly HashSet<string> _removed = [];
    private readonly Dictionary<string, Progress> _progress = [];
    private readonly ITimer _timer;
    private JsonRpc? _rpc;
    private bool _isWaiting; // for its time, or for the client to read what was sent before
    private long _sent;
    private readonly TimeProvider _time;

    public DaemonClient(TimeProvider time)
    {
        _time = time;
        _sent = time.GetTimestamp() - time.TimestampFrequency;
        _timer = time.CreateTimer(_ => _ = Send(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Says where to send; what came before is lost, and is not missed: nobody had asked yet.</summary>
    public void Attach(JsonRpc rpc) => _rpc = rpc;

    /// <inheritdoc />
    public Task RunsChanged(RunsChanged changed)
    {
        lock (_gate)
        {
            foreach (string id in changed.Removed)
            {
                _runs.Remove(id);
                _removed.Add(id);
            }
            foreach (Run run in changed.Runs)
            {
                _removed.Remove(run.Id);
                _runs[run.Id] = run;
            }
        }
        return Soon();
    }

    /// <inheritdoc />
    public Task Progress(Progress progress)
    {
        lock (_gate) _progress[progress.Token] = progress;
        return Soon();
    }

    private Task Soon()
    {
        lock (_gate)
        {
            if (_isWaiting) return Task.CompletedTask;
            _isWaiting = true;
            TimeSpan since = _time.GetElapsedTime(_sent);
            _timer.Change(since >= s_pause ? TimeSpan.Zero : s_pause - since, Timeout.InfiniteTimeSpan);
        }
        return Task.CompletedTask;
    }

    private async Task Send()
    {
        RunsChanged? changed = null;
        Progress[] progress;
        lock (_gate)
        {
            if (_runs.Count + _removed.Count > 0) changed = new RunsChanged([.. _runs.Values], [.. _removed]);
            progress = [.. _progress.Values];
            _runs.Clear();
            _removed.Clear();
            _progress.Clear();
        }
        try
        {
            if (_rpc is not { } rpc) return;
            if (changed is not null) await rpc.NotifyWithParameterObjectAsync("runs/changed", changed);
            foreach (Progress one in progress) await rpc.NotifyWithParameterObjectAsync("$/progress", one);
        }
        catch (Exception failure) when (failure is ConnectionLostException or ObjectDisposedException or IOException)
        {
            // The client is gone; the server ends for the same reason.
        }
        finally
        {
            Sent();
        }
    }

    // A client that does not read holds up the next message and not the memory: what comes meanwhile takes the place of what it replaces.
    private void Sent()
    {
        bool more;
        lock (_gate)
        {
            _isWaiting = false;
            _sent = _time.GetTimestamp();
            more = _runs.Count + _removed.Count + _progress.Count > 0;
        }
        if (more) _ = Soon();
    }

    /// <inheritdoc />
    public void Dispose() => _timer.Dispose();
}
