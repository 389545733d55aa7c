using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Work;

/// <summary>
/// Where a computing run is and what was asked of it: the pipe asks on its threads, the loop obeys between two steps.
/// The rules are those of <see cref="RunLife"/>.
/// </summary>
internal sealed class RunControl : IWorkerControl, IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly ManualResetEventSlim _changed = new();
    private RunState _state = RunState.Starting;
    private int _step;

    /// <summary>Called after every change, on the thread that made it.</summary>
    public Action? Changed { get; set; }

    /// <summary>Cancelled when the run is to end at once.</summary>
    public CancellationToken Aborted => _abort.Token;

    /// <summary>State and step now.</summary>
    public WorkerStatus Now
    {
        get
        {
            lock (_gate) return new WorkerStatus(_state, _step, Environment.ProcessId);
        }
    }

    /// <summary>Applies an input.</summary>
    /// <exception cref="OpdException">OPD3006: it is refused in this state.</exception>
    public WorkerStatus Apply(RunInput input)
    {
        WorkerStatus now;
        lock (_gate)
        {
            _state = RunLife.Require(_state, input);
            now = new WorkerStatus(_state, _step, Environment.ProcessId);
        }
        if (now.State == RunState.Aborting) _abort.Cancel();
        _changed.Set();
        Changed?.Invoke();
        return now;
    }

    /// <summary>Hands the steps of a run on, and between two of them does what was asked.</summary>
    /// <exception cref="OperationCanceledException">The run was aborted.</exception>
    public IEnumerable<StepReport> Steer(ISteeredRun run)
    {
        bool first = true, stopping = false;
        foreach (StepReport report in run.Steps(Aborted))
        {
            lock (_gate) _step = report.Step;
            if (first) Apply(RunInput.Load);
            first = false;
            yield return report;
            if (Now.State == RunState.Pausing)
            {
                run.Save();
                run.Note("paused", report.Step, "Saved; memory stays taken.");
                Hold();
                if (Now.State == RunState.Running) run.Note("resumed", report.Step, "From the pause.");
            }
            if (Now.State == RunState.Stopping && !stopping)
            {
                run.Stop();
                stopping = true;
            }
        }
        Apply(run.IsFinished ? RunInput.Finish : RunInput.Save);
    }

    private void Hold()
    {
        lock (_gate)
        {
            // Someone may have gone on while the checkpoint was written.
            if (_state == RunState.Pausing) _state = RunLife.Require(_state, RunInput.Hold);
        }
        Changed?.Invoke();
        while (true)
        {
            _changed.Reset();
            if (Now.State != RunState.Paused) return;
            _changed.Wait();
        }
    }

    /// <inheritdoc />
    public Task<WorkerStatus> Pause(CancellationToken cancel) => Answer(RunInput.AskPause);

    /// <inheritdoc />
    public Task<WorkerStatus> Resume(CancellationToken cancel) => Answer(RunInput.AskResume);

    /// <inheritdoc />
    public Task<WorkerStatus> StopAndSave(CancellationToken cancel) => Answer(RunInput.AskStop);

    /// <inheritdoc />
    public Task<WorkerStatus> Abort(CancellationToken cancel) => Answer(RunInput.AskAbort);

    /// <inheritdoc />
    public Task<WorkerStatus> Status(CancellationToken cancel) => Task.FromResult(Now);

    private Task<WorkerStatus> Answer(RunInput input)
    {
        try
        {
            return Task.FromResult(Apply(input));
        }
        catch (OpdException refused)
        {
            return Task.FromException<WorkerStatus>(PipeErrors.ToWire(refused));
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _abort.Dispose();
        _changed.Dispose();
    }
}
