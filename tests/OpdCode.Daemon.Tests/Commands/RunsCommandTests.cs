using System.Text.Json;
using OpdCode.Daemon.Bench.Waiting;
using OpdCode.Daemon.Catalogue;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class RunsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Runs_are_listed_shown_exported_deleted_and_rebuilt()
    {
        string recipe = WriteRecipe(_folder, steps: 2), runs = _folder.File("runs"), run = Path.Combine(runs, "mine");
        DaemonScene.WriteRun(runs, 3);
        await CommandLine.Json("run", recipe, "--out", run);
        JsonElement list = await CommandLine.Json("runs", "list", "--runs", runs);
        Assert.Equal(["mine", "run-00003"], list.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("id").GetString()));
        Assert.Equal("completed", list.GetProperty("runs")[0].GetProperty("state").GetString());
        Assert.Equal(Path.GetFullPath(recipe), list.GetProperty("runs")[0].GetProperty("recipePath").GetString());
        CommandLine.Outcome shown = await CommandLine.Invoke("runs", "show", run);
        Assert.Contains("completed, step 2 of 2", shown.Output, StringComparison.Ordinal);
        Assert.Contains("checkpoint of step 2, best, latest", shown.Output, StringComparison.Ordinal);
        CommandLine.Outcome attached = await CommandLine.Invoke("runs", "attach", "mine", "--runs", runs);
        Assert.Contains("completed  step 2/2", attached.Error, StringComparison.Ordinal);
        await CommandLine.Json("runs", "export", "mine", "--runs", runs, "--out", _folder.File("model"));
        Assert.True(File.Exists(Path.Combine(_folder.File("model"), "model.safetensors")));
        CommandLine.Outcome refused = await CommandLine.Invoke("runs", "resume", "mine", "--runs", runs);
        Assert.Equal(1, refused.Code);
        Assert.StartsWith(ErrorCodes.RunStateInvalid, refused.Error, StringComparison.Ordinal);
        await CommandLine.Json("runs", "rm", "mine", "--runs", runs);
        Assert.True(File.Exists(Path.Combine(runs, ".trash", "mine", "recipe.json")));
        Assert.Equal(1, (await CommandLine.Json("runs", "rebuild", "--runs", runs)).GetProperty("total").GetInt32());
        Assert.StartsWith(ErrorCodes.RunNotFound, (await CommandLine.Invoke("runs", "show", "mine", "--runs", runs)).Error, StringComparison.Ordinal);
        Assert.Contains("No runs here", (await CommandLine.Invoke("runs", "list", "--runs", _folder.File("nothing"))).Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("nothing"))); // looking makes nothing
    }

    [Fact]
    public async Task A_run_in_a_terminal_is_found_and_can_be_steered()
    {
        string recipe = WriteRecipe(_folder, steps: 1_000_000), runs = _folder.File("runs"), run = Path.Combine(runs, "foreground");
        Task<(int Code, byte[] Output, string Error)> terminal = OpdCodeProcess.Run([], "run", recipe, "--out", run);
        var reader = new RunFolderReader(run);
        await Patience.Until(() => reader.Worker() is { State: RunState.Running }, () => $"the run is {reader.Worker()}");
        Assert.True(reader.Worker() is { Foreground: true });
        JsonElement paused = await CommandLine.Json("runs", "pause", "foreground", "--runs", runs);
        Assert.Contains(paused.GetProperty("state").GetString(), (string[])["pausing", "paused"]);
        await Patience.Until(() => reader.Worker() is { State: RunState.Paused }, () => $"the run is {reader.Worker()}");
        await CommandLine.Json("runs", "stop", run);
        (int code, byte[] _, string error) = await terminal;
        Assert.True(code == 130, error);
        Assert.Equal("stopped", reader.LastLifeEvent()?.Event);
        RunList list = new([.. (await CommandLine.Json("runs", "list", "--runs", runs)).GetProperty("runs").Deserialize<Run[]>(ProtocolJson.Options)!], 1);
        Assert.Equal(RunState.Stopped, Assert.Single(list.Runs).State);
    }
}
