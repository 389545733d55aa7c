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

        public HarnessContext Harness(HarnessDefinition definition, string? hint) =>
            new(new HarnessContextRecipe { Harness = "mine", MaxNewTokens = 6, Hint = hint }, definition, Model, PromptFormat.Plain, _prompts, 1);

        public Rollout Rollout(int example)
        {
            TrainingExample source = _prompts.Loaded.Single(e => e.Prompt == $"p{example}");
            return new Rollout { Source = source, PromptIds = Model.EncodePlain(source.Prompt!), ResponseIds = [65], Group = example };
        }

        public string[]? Texts(HarnessContext harness, Rollout[] rollouts) =>
            [.. harness.Prompts(rollouts, 1, CancellationToken.None).Select(ids => Model.DecodeResponse(ids!))];

        public void Dispose()
        {
            Model.Dispose();
            _folder.Dispose();
        }
    }
}
