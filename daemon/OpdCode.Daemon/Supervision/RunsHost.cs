using OpdCode.Daemon.Catalogue;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>The supervisor of the runs folder that the client uses, made when it is first needed; another folder gets another one.</summary>
/// <param name="folder">Absolute path of the folder now.</param>
/// <param name="launcher">Starts workers.</param>
/// <param name="time">Source of time stamps.</param>
/// <param name="tell">Is told what changed.</param>
internal sealed class RunsHost(Func<string> folder, WorkerLauncher launcher, TimeProvider time, Func<RunsChanged, Task> tell) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private RunSupervisor? _supervisor;
    private readonly CancellationTokenSource _end = new();

    /// <summary>Gets failures of the watching itself, which goes on.</summary>
    public Action<Exception> Trouble { get; set; } = _ => { };

    /// <summary>Called before a worker is started, so that memory can be made free.</summary>
    public Func<Task> BeforeStart { get; set; } = () => Task.CompletedTask;

    /// <summary>Whether queued runs are started by themselves.</summary>
    public Func<bool> MayStart { get; set; } = () => true;

    /// <summary>Gives the catalogue of a folder, which may have been read already.</summary>
    public required Func<RunsFolder, CancellationToken, Task<RunCatalogue>> Catalogue { get; init; }

    /// <summary>The supervisor, watching.</summary>
    public async Task<RunSupervisor> Supervisor(CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            _end.Token.ThrowIfCancellationRequested(); // a call that is under way must not make another
            string path = Path.GetFullPath(folder());
            if (_supervisor?.Runs.Path == path) return _supervisor;
            if (_supervisor is not null) await _supervisor.DisposeAsync();
            _supervisor = null;
            var made = new RunSupervisor(await Catalogue(new RunsFolder(path), cancel), launcher, time, tell) { Trouble = Trouble, BeforeStart = BeforeStart, MayStart = MayStart };
            await made.Open(cancel);
            made.Watch();
            return _supervisor = made;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Reads the catalogue in the background: what asks for runs first does not wait for all of it.</summary>
    public void Prepare() => _ = Task.Run(async () =>
    {
        try
        {
            await Supervisor(_end.Token);
        }
        catch (OpdException failure)
        {
            Trouble(failure); // who asks for runs is told, too
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    });

    /// <summary>The verbs.</summary>
    public async Task<RunSteering> Steering(CancellationToken cancel) => new(await Supervisor(cancel), time);

    /// <summary>Lets runs that were started here save and end.</summary>
    public async Task StopOwn(CancellationToken cancel)
    {
        if (_supervisor is { } supervisor) await new RunSteering(supervisor, time).StopOwn(cancel);
    }

    /// <summary>Ends the watching; runs go on.</summary>
    public async Task Close()
    {
        await _end.CancelAsync();
        await _gate.WaitAsync();
        try
        {
            if (_supervisor is { } supervisor) await supervisor.DisposeAsync();
            _supervisor = null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _gate.Dispose();
        _end.Dispose();
    }
}
