using System.Collections.Concurrent;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Supervision;

/// <summary>A runs folder with a toy recipe, a supervisor over it, and real worker processes.</summary>
internal sealed class RunsScene : IAsyncDisposable
{
    private readonly WorkerLauncher _launcher;

    public RunsScene(int steps = 100_000, string more = "", WorkerLauncher? launcher = null)
    {
        _launcher = launcher ?? WorkerLauncher.OfThisProgram();
        Recipe = WriteRecipe(Folder, steps: steps, more: more);
        Supervisor = Another();
        Steering = new RunSteering(Supervisor, TimeProvider.System);
    }

    public TemporaryFolder Folder { get; } = new();

    public string Recipe { get; }

    public RunSupervisor Supervisor { get; }

    public RunSteering Steering { get; }

    public ConcurrentQueue<RunsChanged> Told { get; } = new();

    public string RunsPath => Folder.File("runs");

    /// <summary>Another daemon over the same folder.</summary>
    public RunSupervisor Another() => new(new RunsFolder(RunsPath), _launcher, TimeProvider.System, changed =>
    {
        Told.Enqueue(changed);
        return Task.CompletedTask;
    });

    public async Task<RunsScene> Watched()
    {
        await Supervisor.Open(CancellationToken.None);
        Supervisor.Watch();
        return this;
    }

    public Task<Run> Start(string? name = null, params string[] overrides) =>
        Steering.Start(new StartRunParams { RecipePath = Recipe, Name = name, Overrides = overrides }, CancellationToken.None);

    public Run Now(string id)
    {
        Supervisor.Catalogue.Refresh(id);
        return Supervisor.Catalogue.Require(id).Run;
    }

    public async Task<Run> Until(string id, Func<Run, bool> reached)
    {
        Run run = Now(id);
        await Patience.Until(() => reached(run = Now(id)), () => $"{run.Name} is {run.State} at step {run.Step}: {run.Failure?.Message}\n{string.Join('\n', LogTail.Of(run.Folder))}");
        return run;
    }

    public Task<Run> Until(string id, RunState state) => Until(id, run => run.State == state);

    public async ValueTask DisposeAsync()
    {
        await Supervisor.DisposeAsync();
        foreach (string id in new RunsFolder(RunsPath).RunIds())
            new RunFolderReader(Path.Combine(RunsPath, id)).Worker()?.Identity.Kill();
        // A process that is being ended may still hold its folder for a moment.
        for (int i = 0; i < 50; i++)
        {
            try
            {
                Folder.Dispose();
                return;
            }
            catch (IOException)
            {
                await Task.Delay(50);
            }
        }
    }
}
