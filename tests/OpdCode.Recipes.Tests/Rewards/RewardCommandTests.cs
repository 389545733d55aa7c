using System.Diagnostics;
using OpdCode.Protocol;
using OpdCode.Recipes.Rewards;

namespace OpdCode.Recipes.Tests.Rewards;

public sealed class RewardCommandTests
{
    [Fact]
    public async Task The_program_reads_one_line_of_json_and_prints_the_reward_last()
    {
        const string script = "let t='';process.stdin.on('data',d=>t+=d).on('end',()=>{const x=JSON.parse(t);console.log('thinking');console.log(x.response===x.answer&&x.prompt==='p €'?0.5:0)})";
        Assert.Equal(0.5, await Score(script, "größer"));
    }

    [Theory]
    [InlineData("process.exit(3)", "ended with 3")]
    [InlineData("console.error('no module'); process.exit(1)", "It said: no module")]
    [InlineData("console.log('good')", "printed \"good\"")]
    [InlineData("console.log(NaN)", "printed \"NaN\"")]
    public async Task A_program_that_fails_is_an_error_that_says_how(string script, string how)
    {
        OpdException e = await Assert.ThrowsAsync<OpdException>(() => Score(script, "r"));
        Assert.Equal(ErrorCodes.RewardCommandFailed, e.Code);
        Assert.Contains(how, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_takes_too_long_is_ended()
    {
        Stopwatch watch = Stopwatch.StartNew();
        OpdException e = await Assert.ThrowsAsync<OpdException>(() => Score("setTimeout(()=>{}, 600000)", "r", r => r with { TimeLimit = 0.5 }));
        Assert.Contains("took longer than 0.5 s", e.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task A_program_that_takes_too_much_memory_is_ended()
    {
        OpdException e = await Assert.ThrowsAsync<OpdException>(() =>
            Score("const a=[];setInterval(()=>a.push(Buffer.alloc(3e7,1)),10)", "r", r => r with { MemoryLimit = 300, TimeLimit = 60 }));
        Assert.Contains("took more than 300 MB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_of_what_the_program_starts_counts_too()
    {
        const string child = "const a=[];setInterval(()=>a.push(Buffer.alloc(3e7,1)),10)";
        OpdException e = await Assert.ThrowsAsync<OpdException>(() =>
            Score($"require('child_process').spawn(process.execPath,['-e',{System.Text.Json.JsonSerializer.Serialize(child)}],{{stdio:'inherit'}})", "r", r => r with { MemoryLimit = 400, TimeLimit = 60 }));
        Assert.Contains("took more than 400 MB", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_program_leaves_behind_does_not_hold_the_run()
    {
        const string script = "require('child_process').spawn(process.execPath,['-e','setTimeout(()=>{},30000)'],{stdio:'inherit',detached:true}).unref();console.log(1)";
        Stopwatch watch = Stopwatch.StartNew();
        OpdException e = await Assert.ThrowsAsync<OpdException>(() => Score(script, "r"));
        Assert.Contains("still holds its output", e.Message, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(25));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_more_programs_run_at_once_than_asked_for(int most)
    {
        string log = Path.GetTempFileName();
        try
        {
            string file = System.Text.Json.JsonSerializer.Serialize(log);
            CommandRewardRecipe reward = new() { Parallel = most, TimeLimit = 60, Command = ["node", "-e", $"const f=require('fs');f.appendFileSync({file},'+');setTimeout(()=>{{f.appendFileSync({file},'-');console.log(1)}},150)"] };
            RewardScorer scorer = new([reward], Path.GetTempPath());
            RewardScore[] scores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => scorer.ScoreAsync(new RewardInput("p", "r", null))));
            Assert.All(scores, score => Assert.Equal(1, score.Total));
            int running = 0, highest = 0;
            foreach (char sign in await File.ReadAllTextAsync(log)) highest = Math.Max(highest, running += sign == '+' ? 1 : -1);
            Assert.Equal(0, running);
            Assert.InRange(highest, 1, most);
        }
        finally
        {
            File.Delete(log);
        }
    }

    [Fact]
    public async Task A_failure_scores_what_the_recipe_says() =>
        Assert.Equal(-1, await Score("process.exit(1)", "r", r => r with { OnFailure = -1 }));

    [Fact]
    public async Task A_program_that_is_not_there_is_named()
    {
        CommandRewardRecipe reward = new() { Command = ["no-such-program-anywhere"] };
        OpdException e = await Assert.ThrowsAsync<OpdException>(() => new RewardScorer([reward], Path.GetTempPath()).ScoreAsync(new RewardInput("p", "r", null)));
        Assert.Contains("no-such-program-anywhere could not be started", e.Message, StringComparison.Ordinal);
    }

    private static async Task<double> Score(string script, string response, Func<CommandRewardRecipe, CommandRewardRecipe>? change = null)
    {
        CommandRewardRecipe reward = new() { Command = ["node", "-e", script] };
        RewardScorer scorer = new([change?.Invoke(reward) ?? reward], Path.GetTempPath());
        return (await scorer.ScoreAsync(new RewardInput("p €", response, "größer"))).Total;
    }
}
