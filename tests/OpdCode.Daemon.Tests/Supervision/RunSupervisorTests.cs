using System.Text.Json.Nodes;
using OpdCode.Daemon.Bench.Waiting;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Supervision;

/// <summary>Workers that die, daemons that come and go, queues.</summary>
public sealed class RunSupervisorTests
{
    [Fact]
    public async Task A_killed_worker_leaves_the_truth_and_the_run_can_be_resumed()
    {
        // So many steps that it cannot end before it is killed, however late that happens.
        await using RunsScene scene = await new RunsScene(more: """, "checkpoint": { "every": 10 }""").Watched();
        Run run = await scene.Start();
        run = await scene.Until(run.Id, r => r.Step >= 12);
        new ProcessIdentity(run.WorkerProcess!.Value, ProcessIdentity.BirthOf(run.WorkerProcess.Value)!).Kill();
        run = await scene.Until(run.Id, r => r.Failure is not null);
        Assert.Equal(RunState.Interrupted, run.State);
        Assert.Equal(ErrorCodes.WorkerLost, run.Failure!.Code);
        Assert.NotEmpty(run.Failure.LogTail);
        Assert.True(run.Failure.Checkpoint >= 10);
        Assert.Contains($"Resume it: it goes on from the checkpoint of step {run.Failure.Checkpoint}.", run.Failure.Message, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(("SIGKILL", 137), (run.Failure.Signal, run.Failure.ExitCode));
            Assert.Contains("ended by SIGKILL", run.Failure.Message, StringComparison.Ordinal);
        }
        await Task.Delay(300);
        Assert.Equal(RunState.Interrupted, scene.Now(run.Id).State); // no silent restart
        int killed = run.Step;
        await scene.Steering.Resume(run.Id, default);
        await scene.Until(run.Id, r => r.State == RunState.Running && r.Step > killed);
        await scene.Steering.StopAndSave(run.Id, default);
        run = await scene.Until(run.Id, RunState.Stopped);
        Assert.Null(run.Failure);
        Assert.Equal(Enumerable.Range(0, run.Step + 1), Distillation.Runs.RunReader.Open(run.Folder).ReadMetrics().Select(m => m.Step));
    }

    [Fact]
    public async Task The_queue_keeps_its_order_and_one_run_computes_at_a_time()
    {
        await using RunsScene scene = await new RunsScene(steps: 100_000).Watched();
        Run first = await scene.Start("first"), second = await scene.Start("second", "steps=2"), third = await scene.Start("third", "steps=2"), fourth = await scene.Start("fourth");
        Assert.Equal((RunState.Queued, 1), (second.State, second.QueuePosition));
        Assert.Equal(3, fourth.QueuePosition);
        RunList moved = await scene.Steering.Move(third.Id, 1, default);
        Assert.Equal([third.Id, second.Id, fourth.Id], moved.Runs.Select(r => r.Id));
        Assert.Equal([third.Id, second.Id, fourth.Id], new RunQueue(new RunsFolder(scene.RunsPath)).Read()); // on disk
        await scene.Steering.Move(fourth.Id, 0, default);
        Assert.Equal(RunState.Aborted, scene.Now(fourth.Id).State);
        OpdException refused = await Assert.ThrowsAsync<OpdException>(() => scene.Steering.Move(fourth.Id, 1, default));
        Assert.Equal(ErrorCodes.RunStateInvalid, refused.Code);

        await scene.Until(first.Id, r => r.Step >= 1);
        Assert.Equal(RunState.Queued, scene.Now(third.Id).State);
        await scene.Steering.Abort(first.Id, default);
        second = await scene.Until(second.Id, RunState.Completed);
        third = scene.Now(third.Id);
        Assert.Equal(RunState.Completed, third.State);
        Assert.True(third.Ended <= second.Started);
    }

    [Fact]
    public async Task The_queue_goes_on_when_no_daemon_is_there()
    {
        await using RunsScene scene = new(steps: 2);
        await scene.Supervisor.Open(default); // and does not watch
        Run first = await scene.Start("first"), second = await scene.Start("second");
        var reader = new RunFolderReader(second.Folder);
        await Patience.Until(() => reader.LastLifeEvent()?.Event == "finished", () => $"the second run did not finish: {reader.LastLifeEvent()}");
        Assert.True(scene.Now(first.Id).Ended <= scene.Now(second.Id).Started);
        Assert.Empty(scene.Supervisor.Queue.Read());
    }

    [Fact]
    public async Task What_is_deleted_lies_in_the_trash_and_can_be_brought_back()
    {
        await using RunsScene scene = new();
        string folder = DaemonScene.WriteRun(scene.RunsPath, 7);
        await scene.Watched();
        string id = Path.GetFileName(folder);
        DeletedRun deleted = await scene.Steering.Delete(id, default);
        Assert.False(Directory.Exists(folder));
        Assert.Equal(ErrorCodes.RunNotFound, (await Assert.ThrowsAsync<OpdException>(() => scene.Steering.Pause(id, default))).Code);
        Directory.Move(deleted.TrashFolder, folder);
        await scene.Until(id, RunState.Completed);
        await scene.Supervisor.Catalogue.Look(default);
        Assert.Equal(id, Assert.Single(scene.Supervisor.Catalogue.List(new ListRunsParams()).Runs).Id);
    }

    [Fact]
    public async Task An_active_run_cannot_be_deleted()
    {
        await using RunsScene scene = await new RunsScene().Watched();
        Run run = await scene.Start();
        Assert.Equal(ErrorCodes.RunStateInvalid, (await Assert.ThrowsAsync<OpdException>(() => scene.Steering.Delete(run.Id, default))).Code);
    }

    [Fact]
    public async Task A_number_that_belongs_to_another_process_by_now_is_no_worker()
    {
        await using RunsScene scene = new();
        string folder = DaemonScene.WriteRun(scene.RunsPath, 1, last: "evaluated");
        SmallFile.Write(Path.Combine(folder, RunFiles.Worker), new WorkerRecord
        {
            Process = Environment.ProcessId, Birth = "an earlier process", Machine = Environment.MachineName, State = RunState.Running, Step = 42,
            Started = TimeProvider.System.GetUtcNow(), Time = TimeProvider.System.GetUtcNow(),
        });
        await scene.Watched();
        Run run = await scene.Until(Path.GetFileName(folder), r => r.Failure is not null);
        Assert.Equal(RunState.Interrupted, run.State);
        Assert.Contains("gone after step 42", run.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("How it ended is not known", run.Failure.Message, StringComparison.Ordinal);
        Assert.Null(run.Failure.ExitCode);
    }

    [Fact]
    public async Task A_new_daemon_finds_and_steers_what_another_started()
    {
        await using RunsScene scene = await new RunsScene().Watched();
        Run run = await scene.Start();
        await scene.Until(run.Id, r => r.Step >= 1);
        await using RunSupervisor other = scene.Another();
        await other.Open(default);
        other.Watch();
        Run seen = other.Catalogue.Require(run.Id).Run;
        Assert.True(RunLife.IsActive(seen.State), $"{seen.State}");
        await new RunSteering(other, TimeProvider.System).StopAndSave(run.Id, default);
        run = await scene.Until(run.Id, RunState.Stopped);
        // Both look at it, and it ended once.
        await Task.Delay(500);
        Assert.Single(File.ReadAllLines(Path.Combine(run.Folder, "events.jsonl")), line => line.Contains("\"stopped\"", StringComparison.Ordinal));
        Assert.DoesNotContain(File.ReadAllLines(Path.Combine(run.Folder, "events.jsonl")), line => line.Contains("\"interrupted\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_cut_or_senseless_pipe_does_not_disturb_the_worker()
    {
        await using RunsScene scene = await new RunsScene().Watched();
        Run run = await scene.Start();
        run = await scene.Until(run.Id, r => r.Step >= 1);
        string pipe = new RunFolderReader(run.Folder).Worker()!.Pipe;
        if (!OperatingSystem.IsWindows()) Assert.True(pipe.Length < 104, pipe);
        foreach (byte[] nonsense in (byte[][])[[], "Content-Length: 99999\r\n\r\n{"u8.ToArray(), "\0\0\0\0garbage\r\n\r\n"u8.ToArray(), "Content-Length: 2\r\n\r\n[]"u8.ToArray()])
        {
            await using Stream stream = await LocalPipe.Open(pipe, Patience.Limit, default);
            await stream.WriteAsync(nonsense);
        }
        int before = scene.Now(run.Id).Step;
        await scene.Until(run.Id, r => r.Step > before);
        await scene.Steering.StopAndSave(run.Id, default);
        await scene.Until(run.Id, RunState.Stopped);
    }

    [Fact]
    public async Task A_recipe_that_cannot_run_fails_with_its_reason()
    {
        await using RunsScene scene = await new RunsScene().Watched();
        Run run = await scene.Start("broken", "student.model=\"nowhere\"");
        run = await scene.Until(run.Id, RunState.Failed);
        Assert.NotNull(run.Failure);
        Assert.StartsWith("OPD", run.Failure.Code, StringComparison.Ordinal);
        Assert.Contains("nowhere", run.Failure.Message, StringComparison.Ordinal);
        Assert.False(run.Failure.OutOfMemory);
        Assert.Equal(ErrorCodes.MissingKey, (await Assert.ThrowsAsync<OpdException>(async () =>
        {
            string empty = scene.Folder.File("empty.opd.json");
            File.WriteAllText(empty, "{\"version\": 1}");
            await scene.Steering.Start(new StartRunParams { RecipePath = empty }, default);
        })).Code);
    }

    /// <summary>The refusal is libtorch's own: weights that no machine has memory for.</summary>
    [Fact]
    public async Task A_model_that_no_memory_holds_fails_with_that_reason_and_the_next_run_goes_on()
    {
        await using RunsScene scene = await new RunsScene(steps: 2).Watched();
        string config = Path.Combine(scene.Folder.File("student"), "config.json");
        string small = File.ReadAllText(config);
        JsonNode huge = JsonNode.Parse(small)!;
        (huge["hidden_size"], huge["intermediate_size"], huge["num_hidden_layers"]) = (1 << 20, 1 << 22, 64); // more than a process can address
        File.WriteAllText(config, huge.ToJsonString());
        Run run = await scene.Until((await scene.Start("huge", "student.fromScratch=true")).Id, RunState.Failed);
        Assert.True(run.Failure is { OutOfMemory: true, Code: ErrorCodes.OutOfMemory }, $"{run.Failure?.Code} {run.Failure?.Message}");
        Assert.Contains("smaller model", run.Failure!.Message, StringComparison.Ordinal);
        File.WriteAllText(config, small);
        await scene.Until((await scene.Start("small")).Id, RunState.Completed);
    }

    [Fact]
    public async Task A_failure_that_nobody_foresaw_is_told_and_the_watching_goes_on()
    {
        using var folder = new Distillation.Tests.ToyModels.TemporaryFolder();
        var troubles = new System.Collections.Concurrent.ConcurrentQueue<Exception>();
        var told = new System.Collections.Concurrent.ConcurrentQueue<RunsChanged>();
        await using var supervisor = new RunSupervisor(new RunsFolder(folder.Path), WorkerLauncher.OfThisProgram(), TimeProvider.System, changed =>
        {
            if (troubles.IsEmpty) throw new InvalidCastException("nobody foresaw this");
            told.Enqueue(changed);
            return Task.CompletedTask;
        })
        { Trouble = troubles.Enqueue };
        await supervisor.Open(default);
        supervisor.Watch();
        DaemonScene.WriteRun(folder.Path, 1);
        await Patience.Until(() => !troubles.IsEmpty, () => "the failure was swallowed");
        DaemonScene.WriteRun(folder.Path, 2);
        await Patience.Until(() => told.Any(t => t.Runs.Any(r => r.Id == "run-00002")), () => "the watching ended");
    }

    [Fact]
    public async Task A_rerun_computes_the_same_weights()
    {
        await using RunsScene scene = await new RunsScene(steps: 2).Watched();
        Run first = await scene.Until((await scene.Start()).Id, RunState.Completed);
        File.Delete(scene.Recipe); // the run has its own
        Run again = await scene.Until((await scene.Steering.Rerun(first.Id, default)).Id, RunState.Completed);
        Assert.NotEqual(first.Id, again.Id);
        string weights = Path.Combine("checkpoints", "checkpoint-2", "model.safetensors");
        Assert.Equal(File.ReadAllBytes(Path.Combine(first.Folder, weights)), File.ReadAllBytes(Path.Combine(again.Folder, weights)));
        RunComparison compared = RunComparer.Compare([first, again], onlyDifferences: true);
        Assert.Empty(compared.Settings);
        ComparedMetric loss = Assert.Single(compared.Metrics, m => m.Name == "loss");
        Assert.Equal(0, loss.Differences[1]);
        Assert.Equal("Loss", loss.Label?.Title);
    }

    [Fact]
    public async Task A_checkpoint_is_exported_as_a_model_folder_without_what_training_needs()
    {
        await using RunsScene scene = await new RunsScene(steps: 2).Watched();
        Run run = await scene.Until((await scene.Start()).Id, RunState.Completed);
        Checkpoint checkpoint = RunDetails.Of(run).Checkpoints[^1];
        Assert.True(checkpoint is { Step: 2, Latest: true, Best: true, HasAdapter: false });
        string target = scene.Folder.File("exported");
        WrittenFile written = await CheckpointExport.Write(checkpoint.Folder, "merged", target, (_, _) => { }, default);
        Assert.Equal(Path.GetFullPath(target), written.Path);
        Assert.Empty(Directory.GetDirectories(target));
        Models.LanguageModel.Load(target, TorchSharp.torch.CPU).Dispose();
        Assert.Equal(ErrorCodes.FileNotWritten, (await Assert.ThrowsAsync<OpdException>(() => CheckpointExport.Write(checkpoint.Folder, "merged", target, (_, _) => { }, default))).Code);
        Assert.Equal(ErrorCodes.CheckpointInvalid, (await Assert.ThrowsAsync<OpdException>(() => CheckpointExport.Write(checkpoint.Folder, "adapter", target + "2", (_, _) => { }, default))).Code);
    }
}
