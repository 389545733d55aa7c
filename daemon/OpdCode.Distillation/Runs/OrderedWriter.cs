using System.Runtime.ExceptionServices;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// Does things on a thread of its own, one after the other in the order they were given: the loop computes while its
/// lines and checkpoints are written. After the first failure nothing more is done; whoever waits learns of it.
/// </summary>
internal sealed class OrderedWriter : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<Action> _waiting = new();
    private Thread? _thread;
    private ExceptionDispatchInfo? _failure;
    private long _given, _done;
    private bool _closed;

    /// <summary>How much has been given so far: a place to <see cref="Wait"/> for.</summary>
    public long Given
    {
        get
        {
            lock (_gate) return _given;
        }
    }

    /// <summary>Has something done after everything that was given before; returns at once.</summary>
    public void Do(Action write)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _waiting.Enqueue(write);
            _given++;
            if (_thread is null)
            {
                _thread = new Thread(Work) { IsBackground = true, Name = "run writer" };
                _thread.Start();
            }
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until the first things, up to a place, are done.</summary>
    /// <exception cref="Exception">What one of them threw, now or at an earlier time: it was the last that was done.</exception>
    public void Wait(long given)
    {
        Reach(given);
        _failure?.Throw();
    }

    /// <summary>Waits until nothing is being done, whether it failed or not.</summary>
    public void Idle() => Reach(Given);

    private void Reach(long given)
    {
        lock (_gate)
        {
            while (_done < given) Monitor.Wait(_gate);
        }
    }

    private void Work()
    {
        while (Next() is { } write)
        {
            try
            {
                if (_failure is null) write();
            }
            catch (Exception failure) // rethrown to whoever waits
            {
                _failure = ExceptionDispatchInfo.Capture(failure);
            }
            lock (_gate)
            {
                _done++;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_closed) Monitor.Wait(_gate);
            return _waiting.TryDequeue(out Action? write) ? write : null;
        }
    }

    /// <summary>Ends when everything that was given is done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
        _thread?.Join();
    }
}
