using System.Collections.Concurrent;
using System.Diagnostics;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>
/// Watches the runs of a folder: starts what is queued when its device is free, notices what ends, says why where it
/// ended without a word, and tells what changed. Any number of them may watch one folder, in any number of processes.
/// </summary>
internal sealed class RunSupervisor : IAsyncDisposable
{
    // Ten a second is what a client is told at most; a folder in which nothing happens costs one look a second.
    private static readonly TimeSpan s_busy = TimeSpan.FromMilliseconds(100), s_idle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1), s_writeEvery = TimeSpan.FromSeconds(2);
    // Who started a worker knows its exit code: others give that process this long to say how it ended.
    private static readonly TimeSpan s_precedence = TimeSpan.FromSeconds(5);

    // The process must end within a second; another may have the catalogue open for longer.
    private static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(400);

    // A notification stays small, whatever happened to how many runs.
    private const int MostTold = 200;

    private readonly WorkerLauncher _launcher;
    private readonly TimeProvider _time;
    private readonly Func<RunsChanged, Task> _tell;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly ConcurrentDictionary<int, Process> _children = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _missing = new(StringComparer.Ordinal);
    private Task _watching = Task.CompletedTask;

    /// <summary>A supervisor that does nothing before <see cref="Open"/>.</summary>
    /// <param name="catalogue">The runs, of the folder that holds the run folders.</param>
    /// <param name="launcher">Starts workers.</param>
    /// <param name="time">Source of time stamps and of the waiting.</param>
    /// <param name="tell">Is told what changed, at most ten times a second.</param>
    public RunSupervisor(RunCatalogue catalogue, WorkerLauncher launcher, TimeProvider time, Func<RunsChanged, Task> tell)
    {
        (_launcher, _time, _tell) = (launcher, time, tell);
        Catalogue = catalogue;
        Queue = new RunQueue(catalogue.Folder);
    }

    /// <summary>A supervisor of a folder of which nothing was read yet.</summary>
    public RunSupervisor(RunsFolder runs, WorkerLauncher launcher, TimeProvider time, Func<RunsChanged, Task> tell)
        : this(new RunCatalogue(runs, time), launcher, time, tell)
    {
    }

    /// <summary>The runs.</summary>
    public RunCatalogue Catalogue { get; }

    /// <summary>What waits.</summary>
    public RunQueue Queue { get; }

    /// <summary>The folder that holds the run folders.</summary>
    public RunsFolder Runs => Catalogue.Folder;

    /// <summary>Called before a worker is started, so that memory can be made free.</summary>
    public Func<Task> BeforeStart { get; set; } = () => Task.CompletedTask;

    /// <summary>Whether what is queued is started by itself. A folder that came with a restricted workspace may have a queue, too.</summary>
    public Func<bool> MayStart { get; set; } = () => true;

    /// <summary>Gets failures of the watching itself, which goes on.</summary>
    public Action<Exception> Trouble { get; set; } = _ => { };

    /// <summary>Ids of runs that this supervisor started or resumed.</summary>
    public ConcurrentDictionary<string, bool> Own { get; } = new(StringComparer.Ordinal);

    /// <summary>Ids of runs whose abort was asked for here: if their worker dies, it is not a crash.</summary>
    public ConcurrentDictionary<string, bool> Aborting { get; } = new(StringComparer.Ordinal);

    /// <summary>Finds the runs that there are. What the catalogue knows is there at once; what it does not is read.</summary>
    public async Task Open(CancellationToken cancel)
    {
        bool known = await Catalogue.Load(cancel);
        Catalogue.SetQueue(Queue.Read());
        if (!known) Catalogue.Scan(Environment.ProcessorCount, cancel);
        Catalogue.ForgetNews();
        if (!known) await Catalogue.Write(cancel);
    }

    /// <summary>Compares all folders with the catalogue, and says of every run whose worker is gone how it ended.</summary>
    /// <param name="processors">How many folders are read at one time.</param>
    /// <param name="cancel">Ends it in the middle.</param>
    public async Task Settle(int processors, CancellationToken cancel)
    {
        Catalogue.Scan(processors, cancel);
        foreach (CatalogueEntry entry in Catalogue.All.Where(e => e.IsOrphaned || e.State == RunState.Interrupted)) await Bury(entry.Id, cancel);
        await Catalogue.Write(cancel);
        Catalogue.Keep();
    }

    /// <summary>Watches until the end.</summary>
    public void Watch() => _watching = Task.Run(() => Watch(_end.Token));

    /// <summary>Lets the watching go on now.</summary>
    public void Wake() => _wake.Release();

    private async Task Watch(CancellationToken cancel)
    {
        bool settled = false;
        long looked = 0, written = 0;
        try
        {
            // Who opened the folder asks for its list now: comparing it with all folders would make that wait.
            await _wake.WaitAsync(s_idle, cancel);
            while (true)
            {
                try
                {
                    if (!settled) await Settle(Math.Max(1, Environment.ProcessorCount / 2), cancel); // who calls meanwhile has the other half
                    settled = true;
                    await Tick(cancel);
                    if (IsDue(ref looked, s_lookEvery))
                    {
                        await Catalogue.Look(cancel);
                        Catalogue.SetQueue(Queue.Read());
                        if (MayStart()) await StartQueued(cancel);
                    }
                    await Tell();
                    if (IsDue(ref written, s_writeEvery)) await Catalogue.Write(cancel);
                }
                catch (Exception failure) when (!cancel.IsCancellationRequested) // the edge of this thread: nobody is above it
                {
                    Trouble(failure);
                    await Task.Delay(s_lookEvery, _time, cancel); // a full disk today is none tomorrow: the watching goes on
                }
                bool busy = Catalogue.All.Any(e => RunLife.IsActive(e.State));
                await Task.Delay(s_busy, _time, cancel);
                if (!busy && !Catalogue.HasNews) await _wake.WaitAsync(s_idle - s_busy, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The end.
        }
    }

    private bool IsDue(ref long last, TimeSpan every)
    {
        if (last != 0 && _time.GetElapsedTime(last) < every) return false;
        last = _time.GetTimestamp();
        return true;
    }

    /// <summary>Reads what active runs wrote, and settles those that ended.</summary>
    public async Task Tick(CancellationToken cancel)
    {
        foreach (CatalogueEntry entry in Catalogue.All)
        {
            string id = entry.Id;
            if (!RunLife.IsActive(entry.State) && !entry.IsOrphaned) continue;
            Catalogue.Refresh(id);
            if (Catalogue.Find(id) is { IsOrphaned: true }) await Bury(id, cancel);
        }
    }

    /// <summary>Starts what is queued, as far as devices are free.</summary>
    public async Task StartQueued(CancellationToken cancel)
    {
        if (Queue.Read().Count == 0) return;
        var started = new List<string>();
        await Queue.Change(async order =>
        {
            foreach (CatalogueEntry active in Catalogue.All.Where(e => RunLife.IsActive(e.State))) Catalogue.Refresh(active.Id);
            List<string> taken = [.. Catalogue.All.Where(e => e.Alive && RunLife.IsActive(e.State)).Select(e => e.Device)];
            foreach (string id in order.ToArray())
            {
                if (!RunFolderReader.IsRun(Runs.PathOf(id)))
                {
                    order.Remove(id);
                    continue;
                }
                Catalogue.Refresh(id);
                CatalogueEntry entry = Catalogue.Require(id);
                bool free = !taken.Exists(device => RunQueue.MayCollide(device, entry.Device));
                taken.Add(entry.Device); // of those behind, none may overtake
                if (!free) continue;
                await BeforeStart();
                Launch(id, entry.Device);
                order.Remove(id);
                started.Add(id);
            }
        }, cancel);
        Catalogue.SetQueue(Queue.Read());
        foreach (string id in started)
        {
            Own[id] = true;
            Catalogue.Refresh(id);
        }
    }

    private void Launch(string id, string device)
    {
        string folder = Runs.PathOf(id), file = Path.Combine(folder, RunFiles.Worker);
        File.Delete(file);
        DateTimeOffset now = _time.GetUtcNow();
        Process process = _launcher.StartWorker(folder);
        _children[process.Id] = process;
        // Announced for it, so that nobody takes the run for dead before the worker can speak.
        SmallFile.WriteNew(file, new WorkerRecord
        {
            Process = process.Id,
            Birth = ProcessIdentity.BirthOf(process.Id) ?? "",
            Machine = Environment.MachineName,
            State = RunState.Starting,
            Device = device,
            Started = now,
            Time = now,
            Supervisor = ProcessIdentity.Current,
            Kills = KernelKills.Now(),
        });
    }

    // Says of a run whose worker is gone how it ended. No run is started again by itself.
    private async Task Bury(string id, CancellationToken cancel)
    {
        string folder = Runs.PathOf(id);
        var reader = new RunFolderReader(folder);
        WorkerRecord? worker = reader.Worker();
        DateTimeOffset now = _time.GetUtcNow();
        if (worker is null || worker.IsAlive(now) || RunFolderReader.HasEnded(reader.LastLifeEvent()))
        {
            _missing.TryRemove(id, out _);
            if (worker is not null && !worker.IsAlive(now) && _children.TryRemove(worker.Process, out Process? ended)) ended.Dispose();
            return;
        }
        bool ours = _children.TryRemove(worker.Process, out Process? child);
        DateTimeOffset since = _missing.GetOrAdd(id, now);
        if (!ours && worker.Supervisor is { IsAlive: true } && worker.Supervisor != ProcessIdentity.Current && now - since < s_precedence) return;
        int? exitCode = null;
        if (child is not null)
        {
            await child.WaitForExitAsync(cancel);
            exitCode = child.ExitCode;
            child.Dispose();
        }
        using FileStream? held = WorkerPresence.Take(folder);
        if (held is null) return; // somebody computes it again, or buries it
        _missing.TryRemove(id, out _);
        if (RunFolderReader.HasEnded(new RunFolderReader(folder).LastLifeEvent())) return;
        bool aborted = Aborting.TryRemove(id, out _) || worker.State == RunState.Aborting;
        if (aborted)
        {
            EventFile.Append(folder, new RunEvent { Time = now, Event = "aborted", Step = worker.Step, Message = "Its process was ended. Nothing was saved since the last checkpoint." });
        }
        else
        {
            RunFailure failure = CrashReport.Of(folder, worker, exitCode, KernelKills.Now());
            SmallFile.Write(Path.Combine(folder, RunFiles.Failure), failure);
            EventFile.Append(folder, new RunEvent { Time = now, Event = "interrupted", Step = worker.Step, Message = failure.Message });
        }
        Catalogue.Refresh(id);
    }

    private async Task Tell()
    {
        if (Catalogue.HasNews) await _tell(Catalogue.TakeNews(MostTold));
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        using var patience = new CancellationTokenSource(s_farewell);
        try
        {
            await Catalogue.Write(patience.Token);
            Catalogue.Keep();
        }
        catch (Exception failure) when (failure is OpdException or OperationCanceledException)
        {
            Trouble(failure); // the run folders say all that is in it: the next daemon reads them
        }
        foreach (Process child in _children.Values) child.Dispose();
        _end.Dispose();
        _wake.Dispose();
    }
}
