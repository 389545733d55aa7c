using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Tests.Signals;
using OpdCode.Models.Generation;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using TorchSharp;
using static OpdCode.Distillation.Tests.ToyModels;

namespace OpdCode.Distillation.Tests.Rollouts;

/// <summary>DistiLLM's schedule (methods A, 11.3).</summary>
public sealed class AdaptiveTextTests
{
    public AdaptiveTextTests() => TorchRuntime.EnsureLoaded();

    [Fact] // φ rises by 0.1 where the loss is at least the last one + tolerance, never falls, and ends at 1
    public void The_threshold_only_rises_and_only_where_the_loss_does()
    {
        double[] losses = [3, 2, 2.05, 2.15, 2.2, 2.2];
        int look = 0;
        AdaptiveText text = new(new AdaptiveOffPolicyRecipe { Every = 2, Tolerance = .1 }, 100, 1, () => losses[look++], _ => null);
        List<double> seen = [];
        for (int step = 1; step <= 12; step++)
        {
            text.Choose(step);
            seen.Add(text.Threshold);
        }
        Assert.Equal([0, 0, 0, 0, 0, 0, .1, .1, .1, .1, .1, .1], seen); // only 2.05 → 2.15 rises by the tolerance
        Assert.Equal(6, look);
        look = 0;
        AdaptiveText worse = new(new AdaptiveOffPolicyRecipe { Every = 1, Start = .95 }, 100, 1, () => look++, _ => null);
        for (int step = 1; step <= 5; step++) worse.Choose(step);
        Assert.Equal(1, worse.Threshold);
    }

    [Fact] // r < φ(1 − step/steps), or r < φ with room in the replay → fresh; another r < φ → replay; else given
    public void Each_step_has_what_its_draw_says()
    {
        AdaptiveOffPolicyRecipe recipe = new() { Start = .6, Every = 1000, Replay = 2 };
        AdaptiveText text = new(recipe, 400, 7, () => 1, _ => null);
        int given = 0, fresh = 0, replayed = 0, early = 0;
        for (int step = 1; step <= 400; step++)
        {
            TextChoice choice = text.Choose(step);
            if (choice == TextChoice.Given) given++;
            else if (choice == TextChoice.Fresh) fresh++;
            else replayed++;
            if (choice == TextChoice.Fresh) text.Keep([Rollout(step)]);
            else if (choice == TextChoice.Replayed)
            {
                Assert.Equal(2, text.Kept);
                if (step <= 40) early++;
            }
        }
        Assert.InRange(given, 130, 190); // 0.4 of 400
        Assert.InRange(replayed, 90, 150); // about half of the rest, and late ones mostly
        Assert.InRange(fresh, 90, 150);
        Assert.InRange(early, 0, 8);
        AdaptiveText never = new(recipe with { Start = 0 }, 400, 7, () => 1, _ => null), without = new(recipe with { Start = 1, Replay = 0 }, 400, 7, () => 1, _ => null);
        Assert.All(Enumerable.Range(1, 400), step => Assert.Equal((TextChoice.Given, TextChoice.Fresh), (never.Choose(step), without.Choose(step))));
    }

    [Fact]
    public void The_replay_is_first_in_first_out_and_survives_a_checkpoint()
    {
        TrainingExample[] examples = [.. Enumerable.Range(0, 9).Select(i => new TrainingExample { Line = i, Prompt = $"p{i}" })];
        AdaptiveText New() => new(new AdaptiveOffPolicyRecipe { Replay = 3, Start = .4 }, 100, 1, () => 2.5, line => examples[line]);
        AdaptiveText text = New(), resumed = New();
        text.Choose(1);
        text.Keep(Enumerable.Range(1, 5).Select(Rollout));
        Assert.Equal([3, 4, 5], text.Replay(9, 1).Select(r => r.Source.Line).Order());
        Assert.Equal(2, text.Replay(2, 1).Count);
        using MethodSnapshot snapshot = text.Capture();
        resumed.Restore(snapshot);
        Assert.Equal((text.Threshold, text.ValidationLoss, text.Kept), (resumed.Threshold, resumed.ValidationLoss, resumed.Kept));
        foreach ((Rollout a, Rollout b) in text.Replay(3, 4).Zip(resumed.Replay(3, 4)))
        {
            Assert.Equal(a.PromptIds, b.PromptIds);
            Assert.Equal(a.ResponseIds, b.ResponseIds);
            Assert.Equal(a.SamplerLogprobs, b.SamplerLogprobs);
            Assert.Equal((a.Source.Line, a.Finish, a.Group), (b.Source.Line, b.Finish, b.Group));
            Assert.Same(examples[b.Source.Line], b.Source);
        }
        using MethodSnapshot other = new(new Dictionary<string, torch.Tensor>(), new Dictionary<string, double>());
        Assert.Equal(ErrorCodes.CheckpointInvalid, Assert.Throws<OpdException>(() => resumed.Restore(other)).Code);
    }

    [Fact]
    public void A_run_looks_at_the_loss_and_has_all_three_kinds_of_text()
    {
        using var folder = new TemporaryFolder();
        string recipe = WriteRecipe(folder, steps: 14, more: """, "offPolicy": {"adaptive": {"start": 0.7, "every": 3, "replay": 8, "validationPrompts": 4}}""");
        StepMetrics[] steps = SignalRuns.Steps(SignalRuns.Run(recipe, folder.File("run")));
        Assert.All(steps, m => Assert.True(m.Values["validationLoss"] > 0));
        Assert.All(steps, m => Assert.InRange(m.Values["ownTextThreshold"], .7, 1));
        Assert.Equal(steps.Select(m => m.Values["keptForReplay"]).Order(), steps.Select(m => m.Values["keptForReplay"]));
        Assert.Equal(8, steps[^1].Values["keptForReplay"]);
        Assert.True(steps.Select(m => m.Values["validationLoss"]).Distinct().Count() > 3); // the weights of that step, not of the first
    }

    private static Rollout Rollout(int i) => new()
    {
        Source = new TrainingExample { Line = i }, PromptIds = [1, i], ResponseIds = [.. Enumerable.Range(0, i % 3)], SamplerLogprobs = [.. Enumerable.Range(0, i % 3).Select(t => -.1f * t - i)],
        Finish = i % 2 == 0 ? FinishReason.Stop : FinishReason.Length,
    };
}
