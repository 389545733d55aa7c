using System.Diagnostics;
using System.Text.Json.Nodes;
using OpdCode.Distillation.Tests;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class ServeProcessTests
{
    [Fact]
    public async Task It_ends_when_stdin_closes()
    {
        using var folder = new ToyModels.TemporaryFolder();
        using var served = new ServeProcess();
        await served.Client.Initialize(folder.Path);
        // One second is the promise on a quiet machine (`opdcode bench daemon`); whatever it could wait for takes longer than this.
        Assert.InRange(await served.Close(), TimeSpan.Zero, TimeSpan.FromSeconds(25));
        Assert.Equal(0, served.Process.ExitCode);
        Assert.Null(served.Client.Violation);
    }

    [Fact]
    public async Task It_ends_when_the_process_that_uses_it_dies_with_stdin_still_open()
    {
        using var folder = new ToyModels.TemporaryFolder();
        using var user = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "opdcode.dll"), "serve" }, // anything that waits
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        using var served = new ServeProcess();
        await served.Client.Initialize(folder.Path, process: user.Id);
        user.Kill();
        await user.WaitForExitAsync();
        await served.Process.WaitForExitAsync().WaitAsync(Patience.Limit);
        Assert.Equal(0, served.Process.ExitCode);
    }

    /// <summary>Somebody prints to the process's stdout and stderr below .NET, as native libraries do, while libtorch is loaded, a run trains and a text is scored.</summary>
    [Fact]
    public async Task Every_byte_of_stdout_is_the_protocol()
    {
        using var folder = new ToyModels.TemporaryFolder();
        ToyModels.Write(folder.File("student"), 1);
        ToyModels.Write(folder.File("teacher"), 2);
        File.WriteAllText(folder.File("prompts.jsonl"), """{"prompt":"one"}""" + "\n");
        File.WriteAllText(folder.File("a.opd.json"), """
            { "version": 1, "student": { "model": "student" }, "signal": { "kind": "teacher", "model": "teacher" },
              "objective": { "kind": "divergence", "divergence": "reverse-kl" }, "data": { "train": "prompts.jsonl", "format": "plain" }, "steps": 2,
              "rollout": { "promptsPerStep": 1, "maxNewTokens": 4 } }
            """);
        // The OpenMP runtime below libtorch prints when it is loaded.
        using var served = new ServeProcess(new Dictionary<string, string> { ["OMP_DISPLAY_ENV"] = "TRUE" }, "--log-level", "debug");
        await served.Client.Initialize(folder.Path);
        using var stop = new CancellationTokenSource();
        Task noise = OperatingSystem.IsLinux() ? Task.Run(() => Print(served.Process.Id, stop.Token)) : Task.CompletedTask;
        MachineInfo machine = await served.Client.Result<MachineInfo>("machine/get");
        Assert.NotEmpty(machine.Libtorch);
        for (int i = 0; i < 20; i++)
        {
            RecipeValidation validation = await served.Client.Result<RecipeValidation>("recipes/validate", new ValidateRecipeParams { Path = folder.File("a.opd.json"), Preflight = i == 0 });
            Assert.True(validation.Ok, string.Join("\n", validation.Problems.Select(p => p.Message)));
        }
        Run run = await served.Client.Result<Run>("runs/start", new StartRunParams { RecipePath = folder.File("a.opd.json") });
        run = await served.Until(run.Id, r => r.State is not (RunState.Queued or RunState.Starting or RunState.Running));
        Assert.Equal((RunState.Completed, 2), (run.State, run.Step));
        TokenFeedback scored = await served.Client.Result<TokenFeedback>("score", new ScoreParams { Student = folder.File("student"), Teacher = folder.File("teacher"), Prompt = "a", Text = "bcd" });
        Assert.Contains(scored.Columns, c => c.Name == "logRatio");
        await stop.CancelAsync();
        await noise;
        await served.Close();
        Assert.Null(served.Client.Violation);
        // And nothing of it is lost: each line is an entry of the log.
        foreach (string line in served.Log) Assert.NotNull(JsonNode.Parse(line)!["message"]);
        if (OperatingSystem.IsLinux())
            foreach (string printed in new[] { "printed to 1", "printed to 2" }) Assert.Contains(served.Log, line => JsonNode.Parse(line)!["category"]!.GetValue<string>() == "output" && line.Contains(printed, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ten_thousand_malformed_messages_neither_end_it_nor_fill_its_memory()
    {
        using var folder = new ToyModels.TemporaryFolder();
        using var served = new ServeProcess("--log-level", "none");
        await served.Client.Initialize(folder.Path);
        served.Process.Refresh();
        long before = served.Process.WorkingSet64;
        var abuse = new Abuse(seed: 20260101);
        for (int i = 0; i < 10_000; i++)
        {
            served.Client.Send(abuse.Next());
            if (i % 500 == 499) Assert.NotEmpty((await served.Client.Result<MethodList>("recipes/methods")).Methods);
        }
        Assert.Contains("42", (await served.Client.Result<RecipeText>("recipes/edit", new EditRecipeParams { Text = "{}", Setting = "steps", Value = "42" })).Text, StringComparison.Ordinal);
        served.Process.Refresh();
        long grown = served.Process.WorkingSet64 - before;
        // The stated limits are 4 MiB for a message and 8 MiB for all that are unanswered; parsing takes some times as much.
        Assert.InRange(grown, long.MinValue, 400L << 20);
        await served.Close();
        Assert.Equal(0, served.Process.ExitCode);
        Assert.Null(served.Client.Violation);
    }

    [Fact]
    public async Task It_starts_and_answers_fast()
    {
        using var folder = new ToyModels.TemporaryFolder();
        using var served = new ServeProcess();
        await served.Client.Initialize(folder.Path);
        served.Process.Refresh();
        double computed = served.Process.TotalProcessorTime.TotalMilliseconds;
        // 700 ms is the promise on a quiet machine; computing time says it on a busy one as well.
        Assert.InRange(computed, 0, 2 * 700);
        Assert.DoesNotContain(served.Process.Modules.Cast<ProcessModule>(), m => m.ModuleName.Contains("torch_cpu", StringComparison.Ordinal));
        // A small call in 1 ms is the promise; `opdcode bench daemon` has the median.
        await Patience.Within(100, () => served.Client.Result("recipes/edit", new EditRecipeParams { Text = "{}", Setting = "steps", Value = "42" }));
    }

    private static async Task Print(int process, CancellationToken stop)
    {
        await using FileStream first = Open(1), second = Open(2);
        while (!stop.IsCancellationRequested)
        {
            first.Write("printed to 1, Content-Length: 5\r\n\r\n{\"jsonrpc\"\n"u8);
            second.Write("[W Warning.cpp] printed to 2\n"u8);
            await Task.Delay(1, CancellationToken.None);
        }

        FileStream Open(int descriptor) => new($"/proc/{process}/fd/{descriptor}", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    }
}
