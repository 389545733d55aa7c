using System.Text.RegularExpressions;
using OpdCode.Distillation.Environments;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Contexts;
using OpdCode.Recipes.Data;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Environments;

public sealed class HarnessTests
{
    [Theory]
    [InlineData("12 then 34", "(\\d+)", "34")]
    [InlineData("a: b", "^(.*):", "a")]
    [InlineData("nothing", "(\\d+)", null)]
    [InlineData("  text ", null, "text")]
    [InlineData("   ", null, null)]
    public void A_parser_takes_the_first_group_of_the_last_match(string text, string? pattern, string? expected) =>
        Assert.Equal(expected, HarnessContext.Parse(text, pattern is null ? null : new Regex(pattern)));

    [Fact]
    public void The_shipped_harnesses_load_and_another_name_is_refused_with_theirs()
    {
        Assert.Equal(["draft-verify", "plan-solve"], HarnessDefinition.Shipped);
        foreach (string name in HarnessDefinition.Shipped) Assert.NotEmpty(HarnessDefinition.Load(name, ".").Final);
        OpdException error = Assert.Throws<OpdException>(() => HarnessDefinition.Load("plan-slove", Path.GetTempPath()));
        Assert.Contains("plan-solve", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_harness_follows_the_student_the_final_prompt_takes_its_text_and_a_failed_stage_leaves_the_rollout_out()
    {
        using var toy = new Toy();
        Rollout[] rollouts = [toy.Rollout(0), toy.Rollout(1)];
        HarnessContext harness = toy.Harness(new HarnessDefinition { Title = "t", Source = "s", Stages = [new HarnessStage { Name = "plan", Prompt = "{prompt}:" }], Final = ["{plan}|{prompt}|{hint}"] }, "answer");
        string[] before = toy.Texts(harness, rollouts)!;
        Assert.EndsWith("|p0|a0", before[0], StringComparison.Ordinal);
        Assert.Equal(before, toy.Texts(harness, rollouts));
        toy.Model.Decoder.Weights.Values_P.mul_(-1.3);
        Assert.NotEqual(before, toy.Texts(harness, rollouts));
        HarnessContext failing = toy.Harness(new HarnessDefinition { Title = "t", Source = "s", Stages = [new HarnessStage { Name = "plan", Prompt = "{prompt}:", Parser = "never written" }], Final = ["{plan}"] }, null);
        Assert.All(failing.Prompts(rollouts, 1, CancellationToken.None), Assert.Null);
    }

    [Fact] // methods A 3: two stages make the context that a hand makes of the same two calls
    public void Two_stages_make_the_context_that_a_hand_would_write()
    {
        using var toy = new Toy();
        var definition = new HarnessDefinition
        {
            Title = "t", Source = "s",
            Stages = [new HarnessStage { Name = "plan", Prompt = "{prompt}:" }, new HarnessStage { Name = "draft", Prompt = "{plan}>{hint}", Parser = "(.).*$" }],
            Final = ["{draft}|{plan}|{prompt}"],
        };
        Rollout rollout = toy.Rollout(3);
        string plan = toy.Written("p3:").Trim(), draft = HarnessContext.Parse(toy.Written($"{plan}>a3"), new Regex("(.).*$"))!;
        Assert.Equal(toy.Model.EncodePlain($"{draft}|{plan}|p3"), Assert.Single(toy.Harness(definition, "answer", temperature: 0).Prompts([rollout], 1, CancellationToken.None)));
    }

    [Fact] // methods A 3: the identity harness shows the judge what the student saw; a rollout without a context is in no denominator
    public void An_identity_harness_changes_no_token_and_what_is_left_out_counts_nowhere()
    {
        using var toy = new Toy();
        Rollout rollout = toy.Rollout(2);
        Assert.Equal(rollout.PromptIds, Assert.Single(toy.Harness(new HarnessDefinition { Title = "t", Source = "s", Final = ["{prompt}"] }, null).Prompts([rollout], 1, CancellationToken.None)));
        Rollout[] written = [toy.Rollout(0), toy.Rollout(1) with { ResponseIds = [65, 66, 67] }, toy.Rollout(2)];
        Assert.Equal(2, OpdCode.Distillation.Training.GradientCheck.TrainedTokens([written[0], written[2]], written, 1));
    }

    [Fact]
    public void Draft_and_verify_starts_cold_then_looks_up_neighbours_and_its_memory_survives_a_resume()
    {
        using var toy = new Toy();
        var definition = new HarnessDefinition
        {
            Title = "t", Source = "s",
            Retrieve = new Dictionary<string, HarnessRetrieval> { ["near"] = new() { K = 2, AtLeast = 3, Format = "[{prompt}={answer}]" } },
            Final = ["{near}{prompt}", "cold {prompt}"],
        };
        HarnessContext harness = toy.Harness(definition, null);
        Assert.Equal("cold p0", toy.Texts(harness, [toy.Rollout(0), toy.Rollout(1), toy.Rollout(2)])![0]);
        string warm = toy.Texts(harness, [toy.Rollout(0)])![0];
        Assert.Equal("[p1=a1][p2=a2]p0", warm); // never its own answer
        using MethodSnapshot snapshot = harness.State!.Capture();
        HarnessContext resumed = toy.Harness(definition, null);
        resumed.State!.Restore(snapshot);
        Assert.Equal(warm, toy.Texts(resumed, [toy.Rollout(0)])![0]);
    }

    [Fact]
    public void A_name_that_nothing_gives_is_refused_before_the_first_step()
    {
        using var toy = new Toy();
        OpdException error = Assert.Throws<OpdException>(() => toy.Harness(new HarnessDefinition { Title = "t", Source = "s", Final = ["{plam}"] }, null));
        Assert.Equal(ErrorCodes.ContextInvalid, error.Code);
        Assert.Contains("plam", error.Message, StringComparison.Ordinal);
    }

    private sealed class Toy : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly PromptSource _prompts;

        public Toy()
        {
            Model = LanguageModel.Load(Write(_folder.File("student"), 1, gain: 4), torch.CPU);
            File.WriteAllLines(_folder.File("data.jsonl"), Enumerable.Range(0, 5).Select(i => $$"""{"prompt": "p{{i}}", "answer": "a{{i}}"}"""));
            _prompts = PromptSource.Open(new DataRecipe { Train = _folder.File("data.jsonl"), Format = PromptFormat.Plain }, Model, 8, 1);
        }

        public LanguageModel Model { get; }

        public HarnessContext Harness(HarnessDefinition definition, string? hint, double temperature = 1) =>
            new(new HarnessContextRecipe { Harness = "mine", MaxNewTokens = 6, Hint = hint, Temperature = temperature }, definition, Model, PromptFormat.Plain, _prompts, 1);

        public Rollout Rollout(int example)
        {
            TrainingExample source = _prompts.Loaded.Single(e => e.Prompt == $"p{example}");
            return new Rollout { Source = source, PromptIds = Model.EncodePlain(source.Prompt!), ResponseIds = [65], Group = example };
        }

        public string[]? Texts(HarnessContext harness, Rollout[] rollouts) =>
            [.. harness.Prompts(rollouts, 1, CancellationToken.None).Select(ids => Model.DecodeResponse(ids!))];

        /// <summary>What the student writes behind a text, greedily, as a harness's call does.</summary>
        public string Written(string prompt) => Model.DecodeResponse(OpdCode.Models.Generation.Generator.Generate(
            Model.Decoder, Model.VocabularySize, [Model.EncodePlain(prompt)], [0], new() { MaxNewTokens = 6, Temperature = 0, StopIds = Model.StopIds })[0].Ids);

        public void Dispose()
        {
            Model.Dispose();
            _folder.Dispose();
        }
    }
}
