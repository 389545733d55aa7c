using System.Diagnostics;
using System.Text.Json;
using OpdCode.Distillation.Rewards;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Rewards;

/// <summary>Responses are scored while others are still written; nobody can tell from the result.</summary>
public sealed class RolloutRewardsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RolloutRewardsTests() => TorchRuntime.EnsureLoaded();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{\"share\": 0}")]
    [InlineData("{\"share\": 0.5}")]
    [InlineData("{\"share\": 1}")]
    public void Rewards_given_while_writing_are_those_given_afterwards(string offPolicy)
    {
        using Scene scene = Open("""{"kind": "regex", "pattern": "[b-m0-9]"}""", $"offPolicy={offPolicy}");
        for (int step = 1; step <= 3; step++)
        {
            IReadOnlyList<Rollout> collected = scene.Rewards.Collect(scene.Sampler(), step, CancellationToken.None);
            IReadOnlyList<Rollout> scored = scene.Rewards.Score(scene.Sampler().Sample(step, 0, null, CancellationToken.None), CancellationToken.None);
            Assert.InRange(collected.Count, 4, 16); // the data answers a prompt once
            Assert.Equal(scored.Select(r => (r.Group, string.Join(' ', r.ResponseIds), r.Reward)), collected.Select(r => (r.Group, string.Join(' ', r.ResponseIds), r.Reward)));
            Assert.All(collected, r => Assert.NotNull(r.Reward));
        }
    }

    [Fact]
    public void A_reward_that_cannot_be_given_is_told_as_if_it_had_been_tried_afterwards()
    {
        using Scene scene = Open("""{"kind": "exact"}""");
        File.WriteAllText(scene.Recipe.Data.Train, """{"prompt": "a"}""" + "\n");
        Assert.Equal(ErrorCodes.DataColumnMissing, Assert.Throws<OpdException>(() => scene.Rewards.Collect(scene.Sampler(), 1, CancellationToken.None)).Code);
    }

    [Fact]
    public async Task Cancelling_ends_the_programs_that_were_started()
    {
        const string endless = "require('fs').appendFileSync('started',process.pid+' ');setTimeout(()=>{},600000)";
        using Scene scene = Open($$"""{"kind": "command", "command": ["node", "-e", {{JsonSerializer.Serialize(endless)}}], "timeLimit": 600, "parallel": 2}""");
        using var cancel = new CancellationTokenSource();
        Task collected = Task.Run(() => scene.Rewards.Collect(scene.Sampler(), 1, cancel.Token));
        string started = _folder.File("started");
        for (int i = 0; i < 1000 && !(File.Exists(started) && File.ReadAllText(started).Count(c => c == ' ') == 2); i++) await Task.Delay(50);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collected.WaitAsync(TimeSpan.FromSeconds(60)));
        int[] programs = [.. File.ReadAllText(started).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        Assert.Equal(2, programs.Length);
        Assert.All(programs, id => Assert.True(HasEnded(id), $"{id} is still there"));
    }

    private static bool HasEnded(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return process.WaitForExit(10_000);
        }
        catch (ArgumentException)
        {
            return true; // no such process any more
        }
    }

    private Scene Open(string reward, params string[] overrides)
    {
        string path = WriteRecipe(_folder, more: $$""", "rewards": [{{reward}}]""");
        RecipeReading reading = RecipeReader.Read(path, ["rollout.samplesPerPrompt=4", .. overrides]);
        Recipe recipe = reading.Recipe! with { Data = reading.Recipe!.Data with { Train = _folder.File("train.jsonl") } };
        return new Scene(recipe, LanguageModel.Load(_folder.File("student"), torch.CPU), reading.Folder);
    }

    private sealed class Scene(Recipe recipe, LanguageModel student, string folder) : IDisposable
    {
        public Recipe Recipe => recipe;

        public RolloutRewards Rewards { get; } = new(recipe, folder, student);

        public StudentSampler Sampler() => new(student, PromptSource.Open(recipe.Data, student, recipe.Rollout.MaxNewTokens, recipe.Seed), recipe);

        public void Dispose() => student.Dispose();
    }
}
