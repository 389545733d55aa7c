using System.Runtime.ExceptionServices;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>
/// Threads that share the chunks of one job after another, tens of thousands of jobs a second. Between two jobs a
/// thread spins for some microseconds and sleeps after that; chunks are taken one by one, and the caller waits only for
/// threads that took one: a thread that the system has put aside delays nobody.
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    // About 30 µs: longer than the pauses between the jobs of a token, far shorter than those between tokens of two models.
    private const int SpinsBeforeSleep = 1500;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private Action<int, int> _work = (_, _) => { };
    private ExceptionDispatchInfo? _failure;
    private int _chunks;
    private int _next;
    private int _open;
    private int _active;
    private int _sleeping;
    private volatile bool _ended;

    /// <summary>Starts the threads beside the caller's own.</summary>
    public ThreadTeam(int threads)
    {
        _threads = Enumerable.Range(1, Math.Max(threads - 1, 0)).Select(worker => new Thread(() => Serve(worker)) { IsBackground = true, Name = "generation" }).ToArray();
        foreach (Thread thread in _threads) thread.Start();
    }

    /// <summary>Threads, the caller included.</summary>
    public int Count => _threads.Length + 1;

    /// <summary>Runs work(chunk, worker) for every chunk; returns when all are done. The caller is worker 0.</summary>
    public void Run(int chunks, Action<int, int> work)
    {
        if (chunks <= 1 || _threads.Length == 0)
        {
            for (int chunk = 0; chunk < chunks; chunk++) work(chunk, 0);
            return;
        }
        (_work, _chunks, _next) = (work, chunks, 0);
        Interlocked.Exchange(ref _open, 1);
        if (Volatile.Read(ref _sleeping) > 0 && _wake.CurrentCount == 0) _wake.Release(_threads.Length);
        TakeChunks(0);
        // Closed before the count is read: a thread that comes later sees it and leaves.
        Interlocked.Exchange(ref _open, 0);
        var wait = new SpinWait();
        while (Volatile.Read(ref _active) > 0) wait.SpinOnce(sleep1Threshold: -1);
        ExceptionDispatchInfo? failure = Interlocked.Exchange(ref _failure, null);
        failure?.Throw();
    }

    private void Serve(int worker)
    {
        while (!_ended)
        {
            if (Volatile.Read(ref _open) == 0 && !WaitForJob()) continue;
            Interlocked.Increment(ref _active);
            if (Volatile.Read(ref _open) == 1) TakeChunks(worker);
            Interlocked.Decrement(ref _active);
            // The job may stay open while others finish their last chunk.
            while (Volatile.Read(ref _open) == 1 && Volatile.Read(ref _next) >= _chunks && !_ended) Thread.SpinWait(4);
        }
    }

    private bool WaitForJob()
    {
        for (int spin = 0; spin < SpinsBeforeSleep; spin++)
        {
            if (Volatile.Read(ref _open) == 1 || _ended) return true;
            Thread.SpinWait(4);
        }
        Interlocked.Increment(ref _sleeping);
        if (Volatile.Read(ref _open) == 0 && !_ended) _wake.Wait();
        Interlocked.Decrement(ref _sleeping);
        return false;
    }

    private void TakeChunks(int worker)
    {
        try
        {
            for (int chunk; (chunk = Interlocked.Increment(ref _next) - 1) < _chunks;) _work(chunk, worker);
        }
        catch (Exception failure) when (worker > 0) // goes on in the caller's thread
        {
            _failure = ExceptionDispatchInfo.Capture(failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _wake.Release(Math.Max(_threads.Length, 1));
        foreach (Thread thread in _threads) thread.Join();
        _wake.Dispose();
    }
}
