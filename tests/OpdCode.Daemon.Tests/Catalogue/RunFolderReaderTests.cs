using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Catalogue;

public sealed class RunFolderReaderTests
{
    /// <summary>What the folder says last, what its worker said last, whether that lives, whether the run is queued.</summary>
    [Theory]
    [InlineData(null, null, false, true, RunState.Queued)]
    [InlineData(null, null, false, false, RunState.Aborted)]
    [InlineData(null, RunState.Starting, true, false, RunState.Starting)]
    [InlineData(null, RunState.Starting, false, false, RunState.Interrupted)]
    [InlineData("started", RunState.Running, true, false, RunState.Running)]
    [InlineData("started", RunState.Running, false, false, RunState.Interrupted)]
    [InlineData("started", null, false, false, RunState.Interrupted)]
    [InlineData("resumed", RunState.Pausing, true, false, RunState.Pausing)]
    [InlineData("paused", RunState.Paused, true, false, RunState.Paused)]
    [InlineData("paused", RunState.Paused, false, false, RunState.Interrupted)]
    [InlineData("paused", null, false, false, RunState.Stopped)]
    [InlineData("stopped", RunState.Stopped, false, false, RunState.Stopped)]
    [InlineData("stopped", RunState.Stopped, false, true, RunState.Queued)]
    [InlineData("started", RunState.Aborting, false, false, RunState.Aborted)]
    [InlineData("aborted", RunState.Aborted, false, false, RunState.Aborted)]
    [InlineData("finished", RunState.Running, false, false, RunState.Completed)]
    [InlineData("finished", RunState.Completed, true, false, RunState.Completed)]
    [InlineData("failed", RunState.Failed, false, false, RunState.Failed)]
    [InlineData("interrupted", RunState.Running, false, false, RunState.Interrupted)]
    [InlineData("imported", null, false, false, RunState.Completed)]
    public void The_state_is_what_the_files_tell(string? life, RunState? worker, bool alive, bool queued, RunState expected)
    {
        WorkerRecord? record = worker is not RunState state ? null : new WorkerRecord { Process = 1, Birth = "", Machine = "", State = state, Started = default, Time = default };
        Assert.Equal(expected, RunFolderReader.StateOf(life, record, alive, queued));
    }

    [Fact]
    public void A_worker_on_another_machine_is_judged_by_its_heartbeat()
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var record = new WorkerRecord { Process = 1, Birth = "elsewhere", Machine = "another machine", State = RunState.Running, Started = now, Time = now };
        Assert.True(record.IsAlive(now + TimeSpan.FromSeconds(30)));
        Assert.False(record.IsAlive(now + TimeSpan.FromMinutes(5)));
        Assert.False((record with { Machine = Environment.MachineName }).IsAlive(now));
    }
}
