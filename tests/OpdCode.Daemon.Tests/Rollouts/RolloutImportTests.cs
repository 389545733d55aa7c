using System.Text.Json.Nodes;
using OpdCode.Daemon.Tests.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Rollouts;

public sealed class RolloutImportTests
{
    [Fact]
    public async Task A_prime_rl_export_becomes_a_run()
    {
        await using ServedHere served = await ServedHere.Start();
        string file = Write(served, "step_7/rank_0.jsonl",
            """{"token_ids":[5,6,7,8],"loss_mask":[false,false,true,true],"trainer_logprobs":[0,0,-0.5,-1],"inference_logprobs":[0,0,-0.25,null],"advantages":[0,0,1,1],"entropy":[0,0,2,3],"mismatch_kl":[0,0,0.1,0.2]}""",
            """{"token_ids":[5,9],"loss_mask":[0,1],"trainer_logprobs":[0,-2],"ref_logprobs":[0,-3]}""");
        Run run = await served.Client.Result<Run>("rollouts/import", new ImportRolloutsParams { Path = file });
        Assert.True(run.Imported);
        Assert.Equal((RunState.Completed, 7), (run.State, run.Step));
        TokenFeedback page = await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = run.Id, Step = 7, Index = 0 });
        Assert.Equal([7, 8], page.Ids); // the response alone
        Assert.Equal("⟨7⟩⟨8⟩", page.Response);
        Assert.Equal([0, 3], page.Starts);
        Assert.Equal([-0.5, -1], Column(page, "studentLogprob"));
        Assert.Equal([-0.25, null], Column(page, "samplerLogprob"));
        Assert.Equal([0.1f, 0.2f], Column(page, "mismatch_kl").Select(v => (float)v!));
        TokenFeedback second = await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = run.Id, Step = 7, Index = 1 });
        Assert.Equal([1.0], Column(second, "logRatio"));
        Assert.Equal("imported", RunReader.Open(run.Folder).ReadEvents().Single().Event);
        Assert.Equal(1.5, RunReader.Open(run.Folder).ReadMetrics().Single().Values["responseLength"]);
        Assert.DoesNotContain(Directory.EnumerateDirectories(served.Runs), d => d.EndsWith(".importing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ids_become_texts_with_a_tokenizer()
    {
        await using ServedHere served = await ServedHere.Start();
        string model = ToyModels.Write(Path.Combine(served.Folder, "model"), 1);
        int[] ids = OpdCode.Models.Tokenization.ModelTokenizer.Load(model).Encode("2+2=4 é", OpdCode.Models.Tokenization.SpecialTokens.None).Ids;
        string zeros = string.Join(',', ids.Select(_ => "-1"));
        string file = Write(served, "a.jsonl", $$"""{"prompt":[{"role":"user","content":"2+2"}],"completion_ids":[{{string.Join(',', ids)}}],"logprobs":[{{zeros}}],"step":3}""");
        Run run = await served.Client.Result<Run>("rollouts/import", new ImportRolloutsParams { Path = file, Format = "trl", Tokenizer = model });
        TokenFeedback page = await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = run.Id, Step = 3, Index = 0 });
        Assert.Equal(("2+2", "2+2=4 é"), (page.Prompt, page.Response));
        Assert.Equal(page.Starts[^1], page.Starts[^2]); // both bytes of é
    }

    [Fact]
    public async Task Completions_come_as_rows_as_columns_and_as_chat_answers()
    {
        await using ServedHere served = await ServedHere.Start();
        string file = Write(served, "completions.jsonl",
            """{"step":1,"prompt":"p","completion":"ab","tokens":["a","b"],"logprobs":[-1,-2],"teacher_logprobs":[-1,-1],"reward":1,"advantage":0.5}""",
            """{"step":1,"prompt":["p","q"],"completion":["ab","c"],"tokens":[["a","b"],["c"]],"per_token_logps":[[-1,-2],[-3]],"reward":[0,1]}""",
            """{"step":2,"messages":[{"role":"user","content":"hi"}],"response":"yo","logprobs":{"content":[{"token":"y","logprob":-0.5},{"token":"o","logprob":-0.1}]},"finish_reason":"length"}""");
        Run run = await served.Client.Result<Run>("rollouts/import", new ImportRolloutsParams { Path = file });
        RolloutList list = await served.Client.Result<RolloutList>("rollouts/list", new ListRolloutsParams { RunId = run.Id });
        Assert.Equal([(1, 0, "ab"), (1, 1, "ab"), (1, 2, "c"), (2, 0, "yo")], list.Rollouts.Select(r => (r.Step, r.Index, r.Response)));
        Assert.Equal("length", list.Rollouts[3].Finish);
        TokenFeedback first = await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = run.Id, Step = 1, Index = 0 });
        Assert.Equal([0.0, -1.0], Column(first, "logRatio"));
        Assert.Equal([0.5, 0.5], Column(first, "advantage"));
        Assert.Equal(2.0 / 3, RunReader.Open(run.Folder).ReadMetrics()[0].Values["reward"], 6);
    }

    [Theory]
    [InlineData("not json", ErrorCodes.DataLineInvalid, "line 2")]
    [InlineData("""{"prompt":"p","completion":"no numbers"}""", ErrorCodes.DataLineInvalid, "no tokens")]
    [InlineData("""{"tokens":["a"],"prompt":"p"}""", ErrorCodes.DataLineInvalid, "no numbers")]
    [InlineData("""{"token_ids":[1,2],"loss_mask":[1,1],"trainer_logprobs":[-1]}""", ErrorCodes.DataLineInvalid, "1 numbers for 2 tokens")]
    public async Task What_cannot_be_read_leaves_nothing_behind(string line, string code, string says)
    {
        await using ServedHere served = await ServedHere.Start();
        string file = Write(served, "a.jsonl", """{"tokens":["a"],"logprobs":[-1]}""", line);
        ErrorData error = await served.Client.Error("rollouts/import", new ImportRolloutsParams { Path = file });
        Assert.Equal(code, error.Code);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.True(!Directory.Exists(served.Runs) || !Directory.EnumerateFileSystemEntries(served.Runs).Any());
        Assert.Equal(ErrorCodes.RequestInvalid, (await served.Client.Error("rollouts/import", new JsonObject { ["path"] = file, ["format"] = "verl" })).Code);
        Assert.Equal(ErrorCodes.FileNotFound, (await served.Client.Error("rollouts/import", new ImportRolloutsParams { Path = file + ".no" })).Code);
    }

    private static string Write(ServedHere served, string name, params string[] lines)
    {
        string file = Path.Combine(served.Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, string.Concat(lines.Select(l => l + "\n")));
        return file;
    }

    private static IEnumerable<double?> Column(TokenFeedback page, string name) => page.Columns.Single(c => c.Name == name).Values;
}
