using System.Diagnostics;
using System.Text.Json.Nodes;
using OpdCode.Daemon.Supervision;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Supervision;

/// <summary>
/// Workers to whom the operating system gives no more than a stated amount of memory (Linux: the limit of a process's
/// writable memory, set by prlimit of util-linux, which starts the worker in its place).
/// </summary>
public sealed class MemoryLimitTests
{
    private const long Limit = 2_000_000_000;

    /// <summary>Its weights have 3.2 GB, which most machines have and this process may not have.</summary>
    [Fact]
    public async Task On_Linux_a_worker_above_its_memory_limit_fails_with_that_reason_and_one_below_it_runs()
    {
        if (!OperatingSystem.IsLinux()) return;
        await using RunsScene scene = await new RunsScene(steps: 2, launcher: Limited()).Watched();
        string config = Path.Combine(scene.Folder.File("student"), "config.json");
        string small = File.ReadAllText(config);
        JsonNode large = JsonNode.Parse(small)!;
        (large["hidden_size"], large["intermediate_size"]) = (1024, 1 << 17);
        File.WriteAllText(config, large.ToJsonString());
        Run run = await scene.Until((await scene.Start("large", "student.fromScratch=true")).Id, RunState.Failed);
        Assert.True(run.Failure is { OutOfMemory: true, Code: ErrorCodes.OutOfMemory }, $"{run.Failure?.Code} {run.Failure?.Message}");
        Assert.Contains("3.2 GB more were asked for", run.Failure!.Message, StringComparison.Ordinal);
        Assert.Contains("smaller model", run.Failure.Message, StringComparison.Ordinal);
        File.WriteAllText(config, small);
        run = await scene.Until((await scene.Start("small")).Id, RunState.Completed);
        Assert.Equal(2, run.Step);
    }

    /// <summary>Whoever asks first is refused: libtorch, which the run survives long enough to say so, or the runtime, which ends.</summary>
    [Fact]
    public async Task On_Linux_a_run_that_gets_no_more_memory_ends_with_a_remedy_and_goes_on_when_there_is_some()
    {
        if (!OperatingSystem.IsLinux()) return;
        await using RunsScene scene = await new RunsScene(steps: 100_000, more: """, "checkpoint": { "every": 10 }""").Watched();
        Run run = await scene.Start();
        run = await scene.Until(run.Id, r => r.Step >= 12);
        using (Process limit = Process.Start("/usr/bin/prlimit", ["--pid", $"{run.WorkerProcess}", "--data=1000000"])) await limit.WaitForExitAsync();
        run = await scene.Until(run.Id, r => r.Failure is not null);
        Assert.True(run.State is RunState.Failed or RunState.Interrupted, $"{run.State}");
        Assert.True(run.State == RunState.Interrupted || run.Failure!.OutOfMemory, run.Failure!.Message);
        Assert.Contains("resume it", run.Failure!.Message, StringComparison.OrdinalIgnoreCase);
        Assert.NotEmpty(run.Failure.LogTail);
        Assert.True(run.Failure.Checkpoint >= 10);
        int ended = run.Step;
        await scene.Steering.Resume(run.Id, default);
        run = await scene.Until(run.Id, r => r.State == RunState.Running && r.Step > ended);
        await scene.Steering.StopAndSave(run.Id, default);
        run = await scene.Until(run.Id, RunState.Stopped);
        Assert.Null(run.Failure);
        Assert.Equal(Enumerable.Range(0, run.Step + 1), Distillation.Runs.RunReader.Open(run.Folder).ReadMetrics().Select(m => m.Step));
    }

    private static WorkerLauncher Limited()
    {
        string path = Environment.ProcessPath!;
        return new WorkerLauncher("/usr/bin/prlimit", [$"--data={Limit}", "--", path, Path.Combine(AppContext.BaseDirectory, "opdcode.dll")]);
    }
}
