using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Daemon.Supervision;

/// <summary>What people ask of runs, for the wire and for the command line alike.</summary>
internal sealed class RunSteering(RunSupervisor supervisor, TimeProvider time)
{
    // A worker aborts between two tokens or two parts of a batch; a long kernel call may keep it for a while.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(10), s_startPatience = TimeSpan.FromSeconds(60), s_again = TimeSpan.FromMilliseconds(50);

    private RunCatalogue Catalogue => supervisor.Catalogue;

    /// <summary>Makes a run of a recipe and queues it; it starts at once where the device is free.</summary>
    /// <exception cref="OpdException">The recipe has errors, or the folder refuses.</exception>
    public Task<Run> Start(StartRunParams asked, CancellationToken cancel)
    {
        RunRequest request = RunRequest.Record(asked.RecipePath, asked.Overrides, time.GetUtcNow(), Given(asked.Name));
        RecipeReading reading = request.Read();
        return Add(request, request.Name ?? reading.Recipe!.Name ?? reading.DefaultName, cancel);
    }

    /// <summary>Makes a new run of a run's resolved recipe.</summary>
    /// <exception cref="OpdException">OPD3003: its recipe was not recorded. Or the recipe has errors by now.</exception>
    public Task<Run> Rerun(string id, CancellationToken cancel)
    {
        Run run = Catalogue.Require(id).Run;
        RunRequest request = RecordedRecipe.Request(run, time.GetUtcNow());
        request.Read();
        return Add(request, run.Name, cancel);
    }

    private async Task<Run> Add(RunRequest request, string name, CancellationToken cancel)
    {
        string folder = supervisor.Runs.Make(name, time.GetLocalNow()), id = Path.GetFileName(folder);
        SmallFile.Write(Path.Combine(folder, RunFiles.Request), request);
        supervisor.Own[id] = true;
        return await Enqueue(id, cancel);
    }

    /// <summary>Finishes the step, saves and holds.</summary>
    /// <exception cref="OpdException">OPD3005, OPD3006 or OPD3007.</exception>
    public Task<Run> Pause(string id, CancellationToken cancel) => Ask(id, RunInput.AskPause, cancel);

    /// <summary>Goes on from a pause at once, or from the last checkpoint when the device is free.</summary>
    /// <exception cref="OpdException">OPD3005, OPD3006 or OPD3007.</exception>
    public async Task<Run> Resume(string id, CancellationToken cancel)
    {
        await supervisor.Tick(cancel); // a worker that is gone by now cannot go on from its pause
        Run run = Fresh(id);
        if (RunLife.IsActive(run.State)) return await Ask(id, RunInput.AskResume, cancel);
        RunLife.Require(run.State, RunInput.AskResume);
        if (run.Imported) throw new OpdException(ErrorCodes.RunStateInvalid, $"{run.Name} was imported from another engine and cannot be resumed here. Start a recipe instead.");
        supervisor.Own[id] = true;
        return await Enqueue(id, cancel);
    }

    /// <summary>Finishes the step, saves and ends.</summary>
    /// <exception cref="OpdException">OPD3005, OPD3006 or OPD3007.</exception>
    public Task<Run> StopAndSave(string id, CancellationToken cancel) => Ask(id, RunInput.AskStop, cancel);

    /// <summary>Ends at once.</summary>
    /// <exception cref="OpdException">OPD3005 or OPD3006.</exception>
    public async Task<Run> Abort(string id, CancellationToken cancel)
    {
        supervisor.Aborting[id] = true;
        WorkerRecord? worker = new RunFolderReader(supervisor.Runs.PathOf(id)).Worker();
        try
        {
            Run run = await Ask(id, RunInput.AskAbort, cancel);
            if (worker is not null && RunLife.IsActive(run.State)) _ = KillAfterGrace(worker);
            return run;
        }
        catch (OpdException silent) when (silent.Code == ErrorCodes.WorkerLost && worker is not null)
        {
            worker.Identity.Kill();
            await supervisor.Tick(cancel);
            return Fresh(id);
        }
        catch (OpdException)
        {
            supervisor.Aborting.TryRemove(id, out _);
            throw;
        }
    }

    private async Task KillAfterGrace(WorkerRecord worker)
    {
        await Task.Delay(s_grace, time);
        worker.Identity.Kill();
    }

    private async Task<Run> Ask(string id, RunInput input, CancellationToken cancel)
    {
        Run run = Fresh(id);
        RunState next = RunLife.Require(run.State, input);
        if (run.State == RunState.Queued) return await TakeOut(id, cancel);
        if (next != run.State || RunLife.IsActive(run.State)) await ControlClient.Ask(await Reachable(id, cancel), input, cancel);
        supervisor.Catalogue.Mention(id);
        supervisor.Wake();
        return Fresh(id);
    }

    // A worker that was just started has no pipe yet.
    private async Task<WorkerRecord> Reachable(string id, CancellationToken cancel)
    {
        var reader = new RunFolderReader(supervisor.Runs.PathOf(id));
        long asked = time.GetTimestamp();
        while (true)
        {
            WorkerRecord? worker = reader.Worker();
            if (worker is null || !worker.IsAlive(time.GetUtcNow()))
                throw new OpdException(ErrorCodes.WorkerLost, $"The worker of {id} is gone{(worker is null ? "" : $" (process {worker.Process})")}. The run's detail says how it ended; it can be resumed.");
            if (worker.Machine != Environment.MachineName)
                throw new OpdException(ErrorCodes.WorkerLost, $"{id} is computed on {worker.Machine}, and its pipe can be opened only there. Ask on that machine.");
            if (worker.Pipe.Length > 0) return worker;
            if (time.GetElapsedTime(asked) > s_startPatience)
                throw new OpdException(ErrorCodes.WorkerLost, $"The worker of {id} (process {worker.Process}) has not opened its pipe within {s_startPatience.TotalSeconds:F0} s. Wait, or abort the run.");
            await Task.Delay(s_again, time, cancel);
        }
    }

    private async Task<Run> Enqueue(string id, CancellationToken cancel)
    {
        Catalogue.Refresh(id);
        await supervisor.Queue.Change(order =>
        {
            if (!order.Contains(id)) order.Add(id);
            return Task.CompletedTask;
        }, cancel);
        Catalogue.SetQueue(supervisor.Queue.Read());
        await supervisor.StartQueued(cancel);
        supervisor.Catalogue.Mention(id);
        supervisor.Wake();
        return Fresh(id);
    }

    private async Task<Run> TakeOut(string id, CancellationToken cancel)
    {
        await supervisor.Queue.Change(order =>
        {
            order.Remove(id);
            return Task.CompletedTask;
        }, cancel);
        supervisor.Aborting.TryRemove(id, out _);
        Catalogue.SetQueue(supervisor.Queue.Read());
        return Fresh(id);
    }

    /// <summary>Moves a queued run; position 0 takes it out of the queue.</summary>
    /// <exception cref="OpdException">OPD3006: it is not queued. OPD4002: no position.</exception>
    public async Task<RunList> Move(string id, int position, CancellationToken cancel)
    {
        if (position < 0) throw new OpdException(ErrorCodes.RequestInvalid, $"position is {position}; it counts from 1, and 0 takes the run out of the queue.");
        RunState state = Fresh(id).State;
        if (state != RunState.Queued) throw new OpdException(ErrorCodes.RunStateInvalid, $"The run is {RunLife.Word(state)} and not in the queue.");
        await supervisor.Queue.Change(order =>
        {
            if (order.Remove(id) && position > 0) order.Insert(Math.Min(position - 1, order.Count), id);
            return Task.CompletedTask;
        }, cancel);
        Catalogue.SetQueue(supervisor.Queue.Read());
        supervisor.Wake();
        Run[] queued = [.. supervisor.Queue.Read().Select(Catalogue.Find).OfType<CatalogueEntry>().Select(e => e.Run)];
        return new RunList(queued, queued.Length);
    }

    /// <summary>Moves the folder of a run that is not active into the trash.</summary>
    /// <exception cref="OpdException">OPD3006: it is active. OPD2901: a file of it is in use.</exception>
    public async Task<DeletedRun> Delete(string id, CancellationToken cancel)
    {
        Run run = Fresh(id);
        if (RunLife.IsActive(run.State)) throw new OpdException(ErrorCodes.RunStateInvalid, $"The run is {RunLife.Word(run.State)} and cannot be deleted. Stop or abort it first.");
        if (run.State == RunState.Queued) await TakeOut(id, cancel);
        using FileStream held = WorkerPresence.Take(run.Folder) ?? throw new OpdException(ErrorCodes.RunStateInvalid, $"Another process uses {run.Folder} and it cannot be deleted. Wait for it.");
        if (OperatingSystem.IsWindows()) await held.DisposeAsync(); // an open file would keep its folder in place
        string place = Path.Combine(supervisor.Runs.Trash, id);
        for (int i = 2; Directory.Exists(place); i++) place = Path.Combine(supervisor.Runs.Trash, FormattableString.Invariant($"{id}-{i}"));
        try
        {
            Directory.CreateDirectory(supervisor.Runs.Trash);
            Directory.Move(run.Folder, place);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.FileNotAccessible, $"{run.Folder} cannot be moved to {supervisor.Runs.Trash}: {failure.Message} Close what has a file of it open.", failure);
        }
        Catalogue.Remove(id);
        await Catalogue.Write(cancel);
        supervisor.Catalogue.Mention(id);
        return new DeletedRun(id, place);
    }

    /// <summary>Changes what people attach to a run; what is null stays as it is.</summary>
    /// <exception cref="OpdException">OPD3005 or OPD3003.</exception>
    public async Task<Run> Annotate(AnnotateRunParams asked, CancellationToken cancel)
    {
        Run run = Fresh(asked.RunId);
        string file = Path.Combine(run.Folder, RunFiles.User);
        using (await supervisor.Runs.Lock(cancel))
        {
            RunUser user = SmallFile.Read<RunUser>(file) ?? new RunUser();
            SmallFile.Write(file, user with
            {
                Starred = asked.Starred ?? user.Starred,
                Archived = asked.Archived ?? user.Archived,
                Note = asked.Note is null ? user.Note : asked.Note.Length == 0 ? null : asked.Note,
                Name = asked.Name is null ? user.Name : Given(asked.Name),
            });
        }
        Catalogue.Refresh(asked.RunId);
        supervisor.Catalogue.Mention(asked.RunId);
        await Catalogue.Write(cancel);
        return Fresh(asked.RunId);
    }

    /// <summary>Lets runs that were started here save and end: the client goes and wants none to go on. What is queued waits for the next daemon.</summary>
    public async Task StopOwn(CancellationToken cancel)
    {
        foreach (string id in supervisor.Own.Keys)
        {
            if (Catalogue.Find(id)?.State is not { } state || !RunLife.IsActive(state)) continue;
            try
            {
                await StopAndSave(id, cancel);
            }
            catch (OpdException)
            {
                // It ended by itself, or it will be found interrupted: its folder tells.
            }
        }
    }

    private Run Fresh(string id)
    {
        Catalogue.Require(id);
        Catalogue.Refresh(id);
        return Catalogue.Require(id).Run;
    }

    private static string? Given(string? name) => string.IsNullOrWhiteSpace(name) ? null : name.Trim();
}
