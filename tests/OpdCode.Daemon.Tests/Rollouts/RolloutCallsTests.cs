using System.Text.Json;
using OpdCode.Daemon.Bench.Waiting;
using OpdCode.Daemon.Tests.Reports;
using OpdCode.Daemon.Tests.Serving;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Rollouts;

public sealed class RolloutCallsTests
{
    private static readonly string[] s_expected = ["logRatio", "divergence", "studentLogprob", "teacherLogprob", "samplerLogprob", "studentEntropy", "teacherEntropy", "weight", "loss", "lossShare", "teacherRank"];

    [Fact]
    public async Task Token_feedback_is_what_was_recorded()
    {
        await using ServedHere served = await ServedHere.Start();
        RunReader run = Write(served, "a");
        foreach (RolloutRecord record in run.ReadRollouts(100))
        {
            TokenFeedback page = await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = "a", Step = 100, Index = record.Index, Alternatives = true });
            Assert.Equal((record.Prompt, record.Response, record.Reference, record.Correct, record.Finish), (page.Prompt, page.Response, page.Reference, page.Correct, page.Finish));
            Assert.Equal(record.TokenIds, page.Ids);
            Assert.Equal(record.TokenTexts, page.Texts);
            Assert.Equal(record.CharStart!, page.Starts);
            Assert.Equal(record.CharEnd!, page.Ends);
            Assert.Equal(record.Mask!, page.Mask);
            Assert.Equal(s_expected, page.Columns.Select(c => c.Name));
            Same(record.Divergence!, page, "divergence");
            Same(record.TeacherRank!.Select(r => (float)r), page, "teacherRank");
            Same(record.StudentLogprobs!.Zip(record.TeacherLogprobs!, (s, t) => s - t), page, "logRatio");
            float total = record.Loss!.Where((_, t) => record.Mask![t] != 0).Sum(Math.Abs);
            Assert.Equal(1, Column(page, "lossShare").Values.Sum(v => v ?? 0), 4);
            Assert.Equal(record.Loss![^1] / total, Column(page, "lossShare").Values[^1]!.Value, 4);
            Assert.Equal(record.StudentTopTexts![0], page.StudentTop![0].Select(a => a.Text));
            Assert.Equal(record.TeacherTopLogprobs![^1], page.TeacherTop![^1].Select(a => (float)a.Logprob!.Value)); // with the digits that they have
            Assert.Contains("reverse KL", Column(page, "divergence").Label.Estimator, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_page_is_a_part_of_the_whole()
    {
        await using ServedHere served = await ServedHere.Start();
        Write(served, "a");
        TokenFeedback whole = await Get(new GetRolloutParams { RunId = "a", Step = 100, Index = 3 });
        TokenFeedback part = await Get(new GetRolloutParams { RunId = "a", Step = 100, Index = 3, FromToken = 5, Tokens = 7, Columns = ["weight", "logRatio", "none"] });
        Assert.Equal((5, whole.TotalTokens, whole.Response), (part.FromToken, part.TotalTokens, part.Response));
        Assert.Equal(["logRatio", "weight"], part.Columns.Select(c => c.Name));
        Assert.Null(part.StudentTop);
        Assert.Equal(whole.Ids.Skip(5).Take(7), part.Ids);
        TokenColumn all = Column(whole, "logRatio"), some = Column(part, "logRatio");
        Assert.Equal(all.Values.Skip(5).Take(7), some.Values);
        Assert.Equal(all.WordLevels.Skip(5).Take(7), some.WordLevels);
        Assert.Equal(all.SampleThresholds, some.SampleThresholds);
        Assert.Empty((await Get(new GetRolloutParams { RunId = "a", Step = 100, Index = 3, FromToken = 9999 })).Ids);
        Assert.Equal(ErrorCodes.RequestInvalid, (await served.Client.Error("rollouts/get", new GetRolloutParams { RunId = "a", Step = 100, Index = 99 })).Code);

        Task<TokenFeedback> Get(GetRolloutParams asked) => served.Client.Result<TokenFeedback>("rollouts/get", asked);
    }

    [Fact]
    public async Task Levels_words_lines_and_spans()
    {
        await using ServedHere served = await ServedHere.Start();
        new SyntheticRun(Path.Combine(served.Runs, "a")).WriteLines("rollouts/step-000001.jsonl",
        [
            new RolloutRecord
            {
                Step = 1, Index = 0, Prompt = "p<think>\n", Response = "so it</think> is\n<tool_call>x</tool_call>",
                TokenIds = [1, 2, 3, 4, 5, 6, 7], TokenTexts = ["so", " i", "t</think>", " is", "\n", "<tool_call>x", "</tool_call>"],
                CharStart = [0, 2, 4, 13, 16, 17, 29], CharEnd = [2, 4, 13, 16, 17, 29, 41], Mask = [1, 1, 1, 1, 1, 0, 0],
                StudentLogprobs = [0, 0, -4, -1, 0, 0, 0], TeacherLogprobs = [0, -2, 0, float.NegativeInfinity, 0, -9, -9], Weight = [1, 1, 0.3f, 1.6f, 1, 0, 0],
            },
        ]);
        TokenFeedback page = await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = "a", Step = 1, Index = 0 });
        TokenColumn ratio = Column(page, "logRatio");
        Assert.Equal([0, 2, -3, 3, 0, 0, 0], ratio.Levels);
        Assert.Null(ratio.Values[3]); // infinite: no number, but as far from neutral as can be
        Assert.Equal([0, -1, -1, 3, 0, 0, 0], ratio.WordLevels); // (2 − 4) / 2
        Assert.Equal([3, 3, 3, 3, 3, 0, 0], ratio.LineLevels); // the mean is infinite as well
        TokenColumn weight = Column(page, "weight");
        Assert.Equal((1, true), (weight.Neutral, weight.HasSign));
        Assert.Equal([0, 0, -2, 2, 0, 0, 0], weight.Levels);
        Assert.Equal([0, 0, 2, 1, 0, 0, 0], Column(page, "studentLogprob").Levels);
        Assert.Equal([new TextSpan("thinking", 0, 13), new TextSpan("tool", 17, 41), new TextSpan("masked", 17, 41)], page.Spans);
    }

    [Theory]
    [InlineData("divergence:mean", true)]
    [InlineData("logRatio:max", false)]
    [InlineData("loss:sum", true)]
    [InlineData("weight:min", false)]
    [InlineData("length", true)]
    public async Task Lists_are_ordered_by_what_is_asked(string sort, bool isDescending)
    {
        await using ServedHere served = await ServedHere.Start();
        RunReader run = Write(served, "a");
        RolloutRecord[] all = [.. run.RolloutSteps().SelectMany(run.ReadRollouts)];
        RolloutList list = await served.Client.Result<RolloutList>("rollouts/list", new ListRolloutsParams { RunId = "a", Sort = sort, Descending = isDescending, Limit = 1000 });
        Assert.Equal(all.Length, list.Total);
        Assert.Equal(all.Length, list.Rollouts.Count);
        double[] values = [.. list.Rollouts.Select(r => r.SortValue!.Value)];
        Assert.Equal(isDescending ? values.OrderDescending() : values.Order(), values);
        RolloutInfo first = list.Rollouts[0];
        Assert.Equal(Figure(all.Single(r => r.Step == first.Step && r.Index == first.Index), sort), values[0], 4);
        RolloutList page = await served.Client.Result<RolloutList>("rollouts/list", new ListRolloutsParams { RunId = "a", Sort = sort, Descending = isDescending, Offset = 5, Limit = 3 });
        Assert.Equal(list.Rollouts.Skip(5).Take(3), page.Rollouts);
    }

    [Fact]
    public async Task Lists_are_filtered()
    {
        await using ServedHere served = await ServedHere.Start();
        RunReader run = Write(served, "a");
        RolloutRecord[] all = [.. run.RolloutSteps().SelectMany(run.ReadRollouts)];
        Assert.Equal(all.Count(r => r.Correct == true), await Total(new ListRolloutsParams { RunId = "a", Correct = true }));
        Assert.Equal(all.Count(r => r.Finish == "length"), await Total(new ListRolloutsParams { RunId = "a", Finish = "length" }));
        Assert.Equal(all.Count(r => r.Response.Contains("naïve", StringComparison.OrdinalIgnoreCase)), await Total(new ListRolloutsParams { RunId = "a", Search = "NAÏVE" }));
        Assert.Equal(6, await Total(new ListRolloutsParams { RunId = "a", Step = 100 }));
        Assert.Equal(0, await Total(new ListRolloutsParams { RunId = "a", Step = 99 }));
        RolloutInfo one = (await served.Client.Result<RolloutList>("rollouts/list", new ListRolloutsParams { RunId = "a", Step = 100 })).Rollouts[2];
        Assert.Equal(all.Count(r => r.Prompt == one.Prompt), await Total(new ListRolloutsParams { RunId = "a", PromptId = one.PromptId }));
        Assert.Equal(ErrorCodes.RequestInvalid, (await served.Client.Error("rollouts/list", new ListRolloutsParams { RunId = "a", Sort = "divergence:median" })).Code);

        async Task<int> Total(ListRolloutsParams asked) => (await served.Client.Result<RolloutList>("rollouts/list", asked)).Total;
    }

    [Fact]
    public async Task Tokens_that_stand_out_are_those_farthest_from_neutral()
    {
        await using ServedHere served = await ServedHere.Start();
        RunReader run = Write(served, "a");
        var all = run.RolloutSteps().SelectMany(run.ReadRollouts).SelectMany(r => r.TokenIds.Select((_, t) => (r, t, v: r.StudentLogprobs![t] - r.TeacherLogprobs![t]))).Where(x => x.r.Mask![x.t] != 0)
            .OrderByDescending(x => Math.Abs(x.v)).Take(30).ToArray();
        WorstTokens worst = await served.Client.Result<WorstTokens>("rollouts/worst", new WorstTokensParams { RunId = "a", Column = "logRatio", Count = 30 });
        Assert.Equal(all.Select(x => Math.Abs(x.v)), worst.Tokens.Select(t => (float)Math.Abs(t.Value)));
        Assert.Equal("nats", worst.Label.Unit);
        WorstToken token = worst.Tokens[0];
        RolloutRecord record = run.ReadRollouts(token.Step).Single(r => r.Index == token.Index);
        Assert.Equal(record.TokenTexts[token.Token], token.Text);
        Assert.EndsWith(token.Before, record.Response[..record.CharStart![token.Token]], StringComparison.Ordinal);
        Assert.StartsWith(token.After, record.Response[record.CharEnd![token.Token]..], StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.RequestInvalid, (await served.Client.Error("rollouts/worst", new WorstTokensParams { RunId = "a", Column = "nothing" })).Code);
    }

    [Fact]
    public async Task Other_stabilizers_show_what_they_would_have_done()
    {
        await using ServedHere served = await ServedHere.Start();
        RunReader run = Write(served, "a");
        File.WriteAllText(Path.Combine(served.Runs, "a", "recipe.json"), """
            { "version": 1, "student": { "model": "s" }, "signal": { "kind": "teacher", "model": "t" }, "objective": { "kind": "divergence", "divergence": "reverse-kl" },
              "data": { "train": "d.jsonl" }, "steps": 200, "rollout": { "promptsPerStep": 6 }, "run": { "id": "a" } }
            """);
        var asked = new WhatIfParams { RunId = "a", Step = 100, Index = 1, Stabilizers = """[{ "kind": "skip-first", "tokens": 2 }, { "kind": "digit-place", "maxDigits": 1 }, { "kind": "feature-match" }]""" };
        WhatIf answer = await served.Client.Result<WhatIf>("rollouts/whatIf", asked);
        Assert.Equal(["weight", "stage:skip-first"], answer.Columns.Select(c => c.Name).OrderDescending());
        TokenColumn weight = answer.Columns.Single(c => c.Name == "weight");
        Assert.Equal(run.ReadRollouts(100).Single(r => r.Index == 1).TokenIds.Select((_, t) => (double?)(t < 2 ? 0 : 1)), weight.Values);
        Assert.Equal([-3, -3, 0], weight.Levels.Take(3));
        Assert.Contains(answer.Notes, n => n.StartsWith("feature-match is left out", StringComparison.Ordinal));
        WhatIfSetting tokens = answer.Settings.Single(s => s.Path == "stabilizers[0].tokens");
        Assert.Equal((2, 0), (tokens.Value, tokens.Minimum));
        // What was asked leaves no trace.
        TokenFeedback page = await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = "a", Step = 100, Index = 1 });
        Assert.DoesNotContain(page.Columns, c => c.Name.StartsWith("stage:", StringComparison.Ordinal));
        Assert.Equal(ErrorCodes.ObjectiveRefused, (await served.Client.Error("rollouts/whatIf", asked with { Stabilizers = """[{ "kind": "ratio-magnitude" }]""" })).Code);
        Assert.Equal(ErrorCodes.ObjectiveInvalid, (await served.Client.Error("rollouts/whatIf", asked with { Stabilizers = "[{}" })).Code);
    }

    [Fact]
    public async Task A_rollout_is_exported_as_page_and_as_json()
    {
        await using ServedHere served = await ServedHere.Start();
        RunReader run = Write(served, "a");
        string html = Path.Combine(served.Folder, "out.html"), json = Path.Combine(served.Folder, "out.json");
        await served.Client.Result("rollouts/export", new ExportRolloutParams { RunId = "a", Step = 100, Index = 2, Path = html });
        await served.Client.Result("rollouts/export", new ExportRolloutParams { RunId = "a", Step = 100, Index = 2, Path = json });
        RolloutRecord record = run.ReadRollouts(100).Single(r => r.Index == 2);
        Assert.Equal(JsonSerializer.Serialize(record, RunJson.Options), JsonSerializer.Serialize(JsonSerializer.Deserialize<RolloutRecord>(File.ReadAllText(json), RunJson.Options), RunJson.Options));
        string page = File.ReadAllText(html);
        Assert.Contains("<html", page, StringComparison.Ordinal);
        Assert.Equal(2, page.Split("\"tokenIds\":").Length);
        Assert.Equal(ErrorCodes.RequestInvalid, (await served.Client.Error("rollouts/export", new ExportRolloutParams { RunId = "a", Step = 100, Index = 2, Path = Path.Combine(served.Folder, "out.exe") })).Code);
    }

    [Fact]
    public async Task A_step_that_is_written_while_it_is_read_shows_what_is_whole()
    {
        await using ServedHere served = await ServedHere.Start();
        Write(served, "a");
        string file = Path.Combine(served.Runs, "a", "rollouts", "step-000100.jsonl");
        string[] lines = File.ReadAllLines(file);
        File.WriteAllText(file, lines[0] + "\n" + lines[1][..50]);
        Assert.Equal(1, await Total());
        File.AppendAllText(file, lines[1][50..] + "\n");
        Assert.Equal(2, await Total());
        File.WriteAllText(file, lines[3] + "\n" + lines[2] + "\n" + lines[1] + "\n"); // went back and wrote others
        Assert.Equal(3, await Total());
        Assert.Equal(2, (await served.Client.Result<TokenFeedback>("rollouts/get", new GetRolloutParams { RunId = "a", Step = 100, Index = 2 })).Mask.Count(m => m == 0) - 1);
        File.WriteAllText(file, "{\"tokenIds\":[1,2],\"mask\":[1]}\n");
        Assert.Equal(ErrorCodes.RunFolder, (await served.Client.Error("rollouts/list", new ListRolloutsParams { RunId = "a", Step = 100 })).Code);

        async Task<int> Total() => (await served.Client.Result<RolloutList>("rollouts/list", new ListRolloutsParams { RunId = "a", Step = 100 })).Total;
    }

    /// <summary>A page of 4,096 tokens with all columns: 15 ms is the promise, on a quiet machine.</summary>
    [Fact]
    public async Task A_long_page_comes_fast()
    {
        await using ServedHere served = await ServedHere.Start();
        new SyntheticRun(Path.Combine(served.Runs, "a")).WriteLines("rollouts/step-000001.jsonl", Enumerable.Range(0, 3).Select(DaemonScene.LongText));
        int index = 0;
        await Patience.Within(100 * 15, () => served.Client.Call("rollouts/get", new GetRolloutParams { RunId = "a", Step = 1, Index = index++ % 3 }));
    }

    private static RunReader Write(ServedHere served, string id)
    {
        new SyntheticRun(Path.Combine(served.Runs, id)).Write();
        return RunReader.Open(Path.Combine(served.Runs, id));
    }

    private static TokenColumn Column(TokenFeedback page, string name) => page.Columns.Single(c => c.Name == name);

    private static void Same(IEnumerable<float> expected, TokenFeedback page, string name) =>
        Assert.Equal(expected, Column(page, name).Values.Select(v => (float)v!.Value));

    private static double Figure(RolloutRecord record, string sort)
    {
        if (sort == "length") return record.TokenIds.Length;
        float[] values = sort.Split(':')[0] switch
        {
            "divergence" => record.Divergence!,
            "loss" => record.Loss!,
            "weight" => record.Weight!,
            _ => [.. record.StudentLogprobs!.Zip(record.TeacherLogprobs!, (s, t) => s - t)],
        };
        IEnumerable<double> trained = values.Where((_, t) => record.Mask![t] != 0).Select(v => (double)v);
        return sort.Split(':')[1] switch { "mean" => trained.Average(), "max" => trained.Max(), "min" => trained.Min(), _ => trained.Sum() };
    }
}
