using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Rollouts;

public sealed class OffPolicyTextTests
{
    [Theory]
    [InlineData("{\"steps\": 2}", 1, "DDDD")]
    [InlineData("{\"steps\": 2}", 3, "SSSSSSSS")]
    [InlineData("{\"share\": 1}", 1, "DDDD")]
    [InlineData("{\"share\": 0}", 1, "SSSSSSSS")]
    [InlineData("{\"paired\": true}", 1, "SSSSSSSSDDDD")]
    [InlineData("{\"paired\": true, \"text\": \"judge\"}", 1, "SSSSSSSSJJJJ")]
    public void Steps_share_and_pairs_decide_who_writes(string off, int step, string expected)
    {
        using var folder = new TemporaryFolder();
        RecipeReading reading = RecipeReader.Read(WriteRecipe(folder), [$"offPolicy={off}", "rollout.samplesPerPrompt=2"]);
        Recipe recipe = reading.Recipe!;
        using LanguageModel student = LanguageModel.Load(folder.File("student"), torch.CPU);
        using var judge = new SelfJudge(student, new SelfSignalRecipe());
        PromptSource prompts = PromptSource.Open(recipe.Data with { Train = folder.File("train.jsonl") }, student, recipe.Rollout.MaxNewTokens, 1);
        IReadOnlyList<Rollout> rollouts = new StudentSampler(student, prompts, recipe, judge).Sample(step, 0, null, CancellationToken.None);
        Assert.Equal(expected, string.Concat(rollouts.Select(r => r.Writer.ToString()[0])));
        // A group is a prompt, whoever answers it.
        foreach (IGrouping<int, Rollout> group in rollouts.GroupBy(r => r.Group)) Assert.Single(group.Select(r => r.Source.Prompt).Distinct());
        Assert.All(rollouts, r => Assert.InRange(r.Group, 0, 3));
    }

    [Fact]
    public void A_judge_that_is_to_write_must_be_there()
    {
        var off = new OffPolicyRecipe { Text = "judge" };
        OpdException error = Assert.Throws<OpdException>(() => new OffPolicyText(off, null!, null!, null));
        Assert.Equal(ErrorCodes.ObjectiveInputMissing, error.Code);
    }
}
