using System.CommandLine;
using System.Text.Json.Nodes;
using OpdCode.Daemon.Commands;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

public sealed class RecipeCommandsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recipe-commands-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void New_writes_a_recipe_that_is_only_missing_its_files()
    {
        string file = Path.Combine(_folder, "first.opd.json");
        Assert.Equal(0, Invoke("new", file, "--method", "gkd").Code);
        (int code, string output, string error) = Invoke("validate", file, "--json");
        Assert.Equal((1, ""), (code, error));
        JsonNode result = JsonNode.Parse(output)!;
        Assert.False((bool)result["valid"]!);
        Assert.All(result["problems"]!.AsArray(), p => Assert.Equal("OPD1002", (string)p!["code"]!));
        Assert.StartsWith("OPD1010 ", Invoke("new", file).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_prints_problems_as_compilers_do()
    {
        string file = Write("""
            { "version": 1,
              "stepps": 3 }
            """);
        (int code, string output, _) = Invoke("validate", file);
        Assert.Equal(1, code);
        Assert.Contains($"{file}(2,3): error OPD1003: \"stepps\" is not a setting of a recipe. Did you mean \"steps\"?", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_prints_every_value_with_its_origin_and_writes_a_recipe_that_resolves_to_itself()
    {
        string file = Write("""{ "version": 1, "method": "supervised", "student": { "model": "m" }, "data": { "train": "d.jsonl" } }""");
        string resolved = Path.Combine(_folder, "resolved.opd.json");
        Assert.Equal(0, Invoke("resolve", file, "--set", "steps=7", "--out", resolved).Code);
        JsonNode first = JsonNode.Parse(Invoke("resolve", resolved, "--json").Output)!;
        JsonNode second = JsonNode.Parse(Invoke("resolve", file, "--set", "steps=7", "--json").Output)!;
        Assert.Equal("set", (string)second["origins"]!["steps"]!);
        Assert.Equal("preset", (string)second["origins"]!["objective.kind"]!);
        second["recipe"]!["name"] = (string)first["recipe"]!["name"]!;
        Assert.Equal(first["recipe"]!.ToJsonString(), second["recipe"]!.ToJsonString());
        Assert.Contains("\"seed\": 1, // default", Invoke("resolve", file).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_resolved_recipe_runs_to_the_same_weights_bit_for_bit()
    {
        using TemporaryFolder models = new();
        string recipe = WriteRecipe(models, steps: 2), resolved = Path.Combine(_folder, "resolved.opd.json");
        Assert.Equal(0, Invoke("resolve", recipe, "--out", resolved).Code);
        byte[][] weights = [.. new[] { recipe, resolved }.Select((r, i) =>
        {
            string run = Path.Combine(_folder, $"run-{i}");
            (int code, _, string error) = Invoke("run", r, "--out", run);
            Assert.True(code == 0, error);
            return File.ReadAllBytes(Path.Combine(run, "checkpoints", "checkpoint-2", "model.safetensors"));
        })];
        Assert.Equal(weights[0], weights[1]);
    }

    [Fact]
    public void Resolve_refuses_a_recipe_that_is_wrong_and_lists_why()
    {
        (int code, _, string error) = Invoke("resolve", Write("{ \"version\": 2 }"));
        Assert.Equal(1, code);
        Assert.Contains("error OPD1006: version is 2; it must be 1.", error, StringComparison.Ordinal);
        Assert.Contains("error OPD1004: student is missing.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Methods_lists_paper_year_and_evidence()
    {
        JsonNode method = JsonNode.Parse(Invoke("methods", "--json").Output)!["methods"]!.AsArray().First(m => (string)m!["name"]! == "thinking-machines-opd")!;
        Assert.Equal((2025, "official-code"), ((int)method["year"]!, (string)method["evidence"]!));
    }

    [Fact]
    public void Data_check_lists_bad_lines_and_fails()
    {
        string file = Path.Combine(_folder, "d.jsonl");
        File.WriteAllText(file, "{\"prompt\":\"a\"}\n{\n");
        (int code, string output, _) = Invoke("data", "check", file, "--json");
        Assert.Equal(1, code);
        Assert.Equal(2, (int)JsonNode.Parse(output)!["problems"]![0]!["line"]!);
        File.WriteAllText(file, "{\"prompt\":\"a\"}\n");
        Assert.Equal(0, Invoke("data", "check", file).Code);
    }

    [Fact]
    public void Preflight_of_the_sample_passes_without_loading_weights()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "OpdCode.sln"))) root = root.Parent;
        (int code, string output, _) = Invoke("validate", Path.Combine(root!.FullName, "samples", "arithmetic", "distill.opd.json"), "--preflight", "--json");
        JsonNode result = JsonNode.Parse(output)!;
        Assert.Equal(0, code);
        Assert.True((bool)result["memory"]!["fits"]!);
        Assert.True((int)result["prompt"]!["tokens"]! > 0);
    }

    private string Write(string recipe)
    {
        string file = Path.Combine(_folder, "r.opd.json");
        File.WriteAllText(file, recipe);
        return file;
    }

    private static (int Code, string Output, string Error) Invoke(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        int code = OpdCodeCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
