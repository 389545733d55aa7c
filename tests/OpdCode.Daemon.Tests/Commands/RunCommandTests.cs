using System.Text;
using System.Text.Json;
using OpdCode.Distillation.Runs;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class RunCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _recipe;

    public RunCommandTests() => _recipe = WriteRecipe(_folder, steps: 2);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_prints_its_outcome_as_one_object_and_the_rest_on_stderr()
    {
        string run = _folder.File("run");
        CommandLine.Outcome outcome = await CommandLine.Invoke("run", _recipe, "--out", run, "--json");
        Assert.True(outcome.Code == 0, outcome.Error);
        JsonElement result = CommandLine.OneObject(outcome.Output);
        Assert.Equal(["after", "before", "ending", "folder", "report", "runId", "steps", "tokens", "wallSeconds"], result.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal("run", result.GetProperty("runId").GetString());
        Assert.Equal(Path.GetFullPath(run), result.GetProperty("folder").GetString());
        Assert.True(File.Exists(result.GetProperty("report").GetString()));
        Assert.Equal(2, result.GetProperty("steps").GetInt32());
        foreach (string when in new[] { "before", "after" })
        {
            Assert.InRange(result.GetProperty(when).GetProperty("accuracy").GetDouble(), 0, 1);
            Assert.Equal(5, result.GetProperty(when).GetProperty("n").GetInt32());
        }
        Assert.True(result.GetProperty("wallSeconds").GetDouble() > 0);
        double tokens = RunReader.Open(run).ReadMetrics().Where(m => m.Step > 0).Sum(m => m.Values["responseTokens"]);
        Assert.Equal(tokens, result.GetProperty("tokens").GetInt64());
        Assert.Contains("step 0/2", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("step 2/2", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>In a process of its own, where native libraries and the runtime could write to the real stdout.</summary>
    [Fact]
    public async Task A_real_process_puts_nothing_else_on_stdout()
    {
        (int code, byte[] output, string error) = await OpdCodeProcess.Run([], "run", _recipe, "--out", _folder.File("größe 😀"), "--json");
        Assert.True(code == 0, error);
        Assert.Equal("größe 😀", CommandLine.OneObject(new UTF8Encoding(false, true).GetString(output)).GetProperty("runId").GetString());
        Assert.Contains("step 2/2", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_seed_and_settings_of_the_command_line_win_over_the_recipe()
    {
        string run = _folder.File("run");
        JsonElement result = await CommandLine.Json("run", _recipe, "--out", run, "--steps", "3", "--seed", "9", "--set", "optimizer.learningRate=0.001", "--set", "name=renamed");
        Assert.Equal(3, result.GetProperty("steps").GetInt32());
        using JsonDocument recipe = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "recipe.json")));
        Assert.Equal(9, recipe.RootElement.GetProperty("seed").GetInt64());
        Assert.Equal(0.001, recipe.RootElement.GetProperty("optimizer").GetProperty("learningRate").GetDouble());
        Assert.Equal("renamed", recipe.RootElement.GetProperty("name").GetString());
        Assert.True(File.Exists(Path.Combine(run, "checkpoints", "checkpoint-3", "model.safetensors")));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_weights()
    {
        byte[] first = await Weights("first", 5), again = await Weights("again", 5), other = await Weights("other", 6);
        Assert.Equal(first, again);
        Assert.NotEqual(first, other);
    }

    [Fact]
    public async Task A_person_reads_the_accuracies_and_where_the_page_is()
    {
        CommandLine.Outcome outcome = await CommandLine.Invoke("run", _recipe, "--out", _folder.File("run"), "--steps", "1");
        Assert.Contains("held-out prompts", outcome.Output, StringComparison.Ordinal);
        Assert.Contains(new Uri(_folder.File("run")).AbsoluteUri, outcome.Output, StringComparison.Ordinal);
    }

    private async Task<byte[]> Weights(string name, int seed)
    {
        await CommandLine.Json("run", _recipe, "--out", _folder.File(name), "--seed", $"{seed}");
        return File.ReadAllBytes(Path.Combine(_folder.File(name), "checkpoints", "checkpoint-2", "model.safetensors"));
    }
}
