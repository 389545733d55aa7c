namespace OpdCode.Daemon.Bench;

/// <summary>Watches the resident memory of this process from construction on, every millisecond.</summary>
internal sealed class PeakMemory : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly long _start = Environment.WorkingSet;
    private long _peak;

    /// <summary>Starts watching.</summary>
    public PeakMemory()
    {
        _peak = _start;
        _thread = new Thread(Watch) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The highest value so far, above that at the start.</summary>
    public long ExtraBytes() => Math.Max(Interlocked.Read(ref _peak), Environment.WorkingSet) - _start;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _stop.Dispose();
    }

    private void Watch()
    {
        while (!_stop.Token.WaitHandle.WaitOne(1)) Interlocked.Exchange(ref _peak, Math.Max(_peak, Environment.WorkingSet));
    }
}
