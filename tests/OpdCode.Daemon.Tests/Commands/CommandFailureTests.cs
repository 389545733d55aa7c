using System.Text.Json.Nodes;
using OpdCode.Daemon.Commands;
using OpdCode.Protocol;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Daemon.Tests.Commands;

/// <summary>What a user meets when something is wrong: a code and a sentence on stderr, exit code 1, nothing on stdout, no stack.</summary>
public sealed class CommandFailureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public CommandFailureTests() => _model = Write(_folder.File("model"), 1);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_missing_model_folder_is_named()
    {
        string missing = _folder.File("nowhere");
        foreach (string[] command in new string[][]
        {
            ["logits", "--model", missing, "--ids", "1"], ["generate", "--model", missing, "--prompt", "a"],
            ["score", "--student", missing, "--teacher", _model, "--prompt", "a", "--response", "b"],
            ["score", "--student", _model, "--teacher", missing, "--prompt", "a", "--response", "b"],
        })
        {
            Assert.Contains(missing, await Failure(ErrorCodes.ModelConfigInvalid, command), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("1,x", "\"x\"")]
    [InlineData("1,262", "\"262\"")]
    [InlineData("-1", "\"-1\"")]
    public async Task A_bad_id_is_named(string ids, string expected) =>
        Assert.Contains(expected, await Failure(ErrorCodes.TokenOutOfRange, "logits", "--model", _model, "--ids", ids), StringComparison.Ordinal);

    [Fact]
    public async Task Nothing_to_continue_from_and_nothing_to_judge_are_said()
    {
        await Failure(ErrorCodes.PromptTooLong, "logits", "--model", _model, "--ids", ",");
        Assert.Contains("response is empty", await Failure(ErrorCodes.OutOfRange, "score", "--student", _model, "--teacher", _model, "--prompt", "a", "--response", ""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_longer_than_the_context_is_refused_with_both_lengths()
    {
        string text = new('x', 100);
        foreach ((string seen, string[] command) in new (string, string[])[]
        {
            ("has 103 tokens and up to 1 more", ["generate", "--model", _model, "--prompt", text]),
            ("has 13 tokens and up to 90 more", ["generate", "--model", _model, "--prompt", text[..10], "--max-new-tokens", "90"]),
            ("has 4 tokens and up to 100 more", ["score", "--student", _model, "--teacher", _model, "--prompt", "a", "--response", text]),
            ("has 100 tokens, but", ["logits", "--model", _model, "--ids", string.Join(',', Enumerable.Repeat(1, 100))]),
        })
        {
            string message = await Failure(ErrorCodes.PromptTooLong, command);
            Assert.Contains(seen, message, StringComparison.Ordinal);
            Assert.Contains("context ends at 64", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unknown_divergence_and_another_tokenizer_are_refused()
    {
        Assert.Contains("reverse-kl, forward-kl, jsd",
            await Failure(ErrorCodes.ObjectiveInvalid, "score", "--student", _model, "--teacher", _model, "--prompt", "a", "--response", "b", "--divergence", "kl"), StringComparison.Ordinal);
        string other = Write(_folder.File("other"), 1);
        string file = Path.Combine(other, "tokenizer.json");
        File.WriteAllText(file, File.ReadAllText(file).Replace("<|user|>", "<|human|>", StringComparison.Ordinal));
        await Failure(ErrorCodes.TokenizersDiffer, "score", "--student", _model, "--teacher", other, "--prompt", "a", "--response", "b");
    }

    [Fact]
    public async Task A_recipe_with_problems_lists_them_all_and_leaves_no_run()
    {
        string recipe = WriteRecipe(_folder);
        JsonObject json = JsonNode.Parse(File.ReadAllText(recipe))!.AsObject();
        json["stepz"] = 3;
        json["steps"] = "many";
        File.WriteAllText(recipe, json.ToJsonString());
        string error = await Failure("OPD", "run", recipe, "--out", _folder.File("run"));
        Assert.Contains(ErrorCodes.UnknownKey, error, StringComparison.Ordinal);
        Assert.Contains(ErrorCodes.WrongType, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("run")));
        Assert.StartsWith("OPD1002 There is no recipe", await Failure(ErrorCodes.FileNotFound, "run", _folder.File("nowhere.opd.json")), StringComparison.Ordinal);
        Assert.Contains("colour", await Failure("OPD", "run", WriteRecipe(_folder), "--set", "colour=red"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_none_has_no_report() => await Failure("OPD", "report", _folder.File("nowhere"));

    [Fact]
    public async Task A_file_that_cannot_be_read_is_an_error_of_access()
    {
        File.Delete(Path.Combine(_model, "config.json"));
        Directory.CreateDirectory(Path.Combine(_model, "config.json")); // a folder where a file should be
        Assert.Contains("config.json", await Failure(ErrorCodes.FileNotAccessible, "logits", "--model", _model, "--ids", "1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--samples is 0 but must be 1 or more.", "generate", "--model", "m", "--prompt", "a", "--samples", "0")]
    [InlineData("--temperature is -1 but must be 0 or more.", "generate", "--model", "m", "--prompt", "a", "--temperature", "-1")]
    [InlineData("--top-p is 1.5 but must be above 0 and at most 1.", "generate", "--model", "m", "--prompt", "a", "--top-p", "1.5")]
    [InlineData("--top is 0 but must be 1 or more.", "score", "--student", "m", "--teacher", "m", "--prompt", "a", "--response", "b", "--top", "0")]
    [InlineData("'x'", "generate", "--model", "m", "--prompt", "a", "--samples", "x")]
    [InlineData("'warm'", "generate", "--model", "m", "--prompt", "a", "--temperature", "warm")]
    [InlineData("See opdcode generate --help.", "generate", "--json")]
    [InlineData("See opdcode data check --help.", "data", "check", "--json")]
    [InlineData("See opdcode --help.", "distil")]
    public async Task A_line_that_cannot_be_parsed_is_explained_on_stderr(string expected, params string[] args)
    {
        CommandLine.Outcome outcome = await CommandLine.Invoke(args);
        Assert.Equal((1, ""), (outcome.Code, outcome.Output));
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unforeseen_failure_is_one_line_that_names_the_file_with_its_stack()
    {
        string text = FailureText.Of(Assert.Throws<InvalidOperationException>(Fail));
        Assert.StartsWith("OPD2902 OpdCode failed in a way it should not: InvalidOperationException: first line Details are in ", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);
        string file = text[(text.IndexOf("Details are in ", StringComparison.Ordinal) + "Details are in ".Length)..text.LastIndexOf(';')];
        Assert.Contains(nameof(Fail), File.ReadAllText(file), StringComparison.Ordinal);
        File.Delete(file);
    }

    private static void Fail() => throw new InvalidOperationException("first line\n  at native code");

    private static async Task<string> Failure(string code, params string[] args)
    {
        foreach (string[] form in new string[][] { args, [.. args, "--json"] })
        {
            CommandLine.Outcome outcome = await CommandLine.Invoke(form);
            Assert.True(outcome.Code == 1, $"exit code {outcome.Code}: {outcome.Error}");
            Assert.Equal("", outcome.Output);
            Assert.Matches($"^{code}[0-9]* \\S", outcome.Error);
            Assert.DoesNotMatch(@"(?m)^\s+at ", outcome.Error);
        }
        return (await CommandLine.Invoke(args)).Error;
    }
}
