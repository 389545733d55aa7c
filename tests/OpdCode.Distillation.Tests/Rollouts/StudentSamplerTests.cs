using System.Text.Json.Nodes;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Rollouts;

public sealed class StudentSamplerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public StudentSamplerTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_given_answer_ends_with_the_turn_of_the_template()
    {
        Rollout rollout = Given("""{"prompt": "a", "completion": "bc"}""", json => json["eos_token"] = "<|pad|>");
        Assert.Equal([98, 99, 257], rollout.ResponseIds);
        Assert.Equal(FinishReason.Stop, rollout.Finish);
    }

    [Fact]
    public void A_given_answer_in_plain_text_ends_with_the_text()
    {
        Rollout rollout = Given("""{"prompt": "a", "completion": "bc"}""", json => json["eos_token"] = "<|pad|>", "data.format=plain");
        Assert.Equal([98, 99, 258], rollout.ResponseIds);
    }

    [Fact]
    public void Without_an_end_token_an_answer_does_not_pretend_to_stop()
    {
        Rollout rollout = Given("""{"prompt": "a", "completion": "bc"}""", Endless, "data.format=plain");
        Assert.Equal([98, 99], rollout.ResponseIds);
        Assert.Equal(FinishReason.Length, rollout.Finish);
    }

    [Fact]
    public void An_answer_that_is_cut_has_no_end()
    {
        Rollout rollout = Given("""{"prompt": "a", "completion": "bcdefghijklmnop"}""", _ => { });
        Assert.Equal(10, rollout.ResponseIds.Length);
        Assert.DoesNotContain(257, rollout.ResponseIds);
        Assert.Equal(FinishReason.Length, rollout.Finish);
    }

    [Fact]
    public void A_line_without_a_completion_is_refused_with_file_and_line()
    {
        OpdException error = Assert.Throws<OpdException>(() => Given("""{"prompt": "a", "completion": "b"}""" + "\n" + """{"prompt": "c"}""", _ => { }));
        Assert.Equal(ErrorCodes.DataLineInvalid, error.Code);
        Assert.Contains("train.jsonl, line 2: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_answer_needs_an_end_token()
    {
        const string line = """{"prompt": "a", "completion": ""}""";
        Assert.Equal([257], Given(line, _ => { }).ResponseIds);
        OpdException error = Assert.Throws<OpdException>(() => Given(line, Endless, "data.format=plain"));
        Assert.Equal(ErrorCodes.DataLineInvalid, error.Code);
        Assert.Contains("line 1: ", error.Message, StringComparison.Ordinal);
    }

    private static void Endless(JsonObject tokenizer)
    {
        tokenizer.Remove("eos_token");
        tokenizer.Remove("chat_template");
    }

    private Rollout Given(string data, Action<JsonObject> change, params string[] overrides)
    {
        string recipePath = WriteRecipe(_folder, """{"kind": "supervised"}"""), train = _folder.File("train.jsonl"), student = _folder.File("student");
        File.WriteAllText(train, data);
        Edit(Path.Combine(student, "tokenizer_config.json"), change);
        Edit(Path.Combine(student, "config.json"), json => json.Remove("eos_token_id"));
        Recipe recipe = RecipeReader.Read(recipePath, overrides).Recipe!;
        recipe = recipe with { Data = recipe.Data with { Train = train }, Rollout = recipe.Rollout with { PromptsPerStep = 1 } };
        using LanguageModel model = LanguageModel.Load(student, torch.CPU);
        PromptSource prompts = PromptSource.Open(recipe.Data, model, recipe.Rollout.MaxNewTokens, recipe.Seed);
        return new StudentSampler(model, prompts, recipe).Sample(1, 0, null, CancellationToken.None)[0];
    }

    private static void Edit(string path, Action<JsonObject> change)
    {
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(json);
        File.WriteAllText(path, json.ToJsonString());
    }
}
