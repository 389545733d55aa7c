using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Supervision;

/// <summary>Real worker processes, steered as clients do.</summary>
public sealed class RunSteeringTests
{
    [Fact]
    public async Task A_run_is_started_paused_resumed_and_stopped()
    {
        await using RunsScene scene = await new RunsScene().Watched();
        Run run = await scene.Start("steered");
        Assert.Equal(RunState.Starting, run.State);
        run = await scene.Until(run.Id, r => r is { State: RunState.Running, Step: >= 2 });
        Assert.NotNull(run.WorkerProcess);
        Assert.Equal("steered", run.Name);
        Assert.True(run.Latest.ContainsKey("loss"));
        Assert.NotNull(run.SecondsLeft);

        await scene.Steering.Pause(run.Id, default);
        run = await scene.Until(run.Id, RunState.Paused);
        int held = run.Step;
        await Task.Delay(300);
        Assert.Equal(held, scene.Now(run.Id).Step);

        await scene.Steering.Resume(run.Id, default);
        await scene.Until(run.Id, r => r is { State: RunState.Running } && r.Step > held);
        await scene.Steering.StopAndSave(run.Id, default);
        run = await scene.Until(run.Id, RunState.Stopped);
        Assert.NotNull(run.Ended);
        Assert.Null(run.WorkerProcess);
        OpdException refused = await Assert.ThrowsAsync<OpdException>(() => scene.Steering.Pause(run.Id, default));
        Assert.Equal(ErrorCodes.RunStateInvalid, refused.Code);
        Assert.Contains(scene.Told, told => told.Runs.Any(r => r.Id == run.Id && r.State == RunState.Paused));
    }

    [Fact]
    public async Task A_run_completes_and_is_told()
    {
        await using RunsScene scene = await new RunsScene(steps: 3).Watched();
        Run run = await scene.Start();
        run = await scene.Until(run.Id, RunState.Completed);
        Assert.Equal((3, 3), (run.Step, run.Steps));
        Assert.True(File.Exists(Path.Combine(run.Folder, "report.html")));
        Assert.True(run.FolderBytes > 1000);
        Assert.NotEmpty(LogTail.Of(run.Folder));
    }

    [Fact]
    public async Task Abort_ends_at_once()
    {
        await using RunsScene scene = await new RunsScene().Watched();
        Run run = await scene.Start();
        await scene.Until(run.Id, r => r.Step >= 1);
        await scene.Steering.Abort(run.Id, default);
        run = await scene.Until(run.Id, RunState.Aborted);
        Assert.Null(run.Failure);
    }
}
