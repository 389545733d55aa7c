using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Training;
using OpdCode.Models;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using OpdCode.Recipes.Rewards;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Rewards;

/// <summary>Scores a step's responses by the recipe's rewards, and says which of them can be compared.</summary>
public sealed class RolloutRewards(Recipe recipe, string folder, LanguageModel student)
{
    private readonly RewardScorer? _scorer = recipe.Rewards.Count == 0 ? null : new RewardScorer(recipe.Rewards, folder);

    // How often a step may ask for more prompts before it takes what it has: three refills make at most four times the rollouts.
    private const int MostRefills = 3;

    // Rewards that are whitened over the run need no spread within a group.
    private bool SamplesDynamically => recipe.Objective is GroupRewardObjectiveRecipe { Estimator: "dapo" } && _scorer is not null
        && !recipe.Stabilizers.OfType<WelfordWhiteningRecipe>().Any(w => w.Center || w.Scale);

    /// <summary>
    /// What the student wrote in a step, with rewards where the recipe has any. For DAPO (arXiv 2503.14476, dynamic
    /// sampling) further prompts are drawn, at most three times, until as many groups as the step asks for have rewards that differ.
    /// </summary>
    public IReadOnlyList<Rollout> Collect(StudentSampler sampler, int step, CancellationToken cancel)
    {
        using StepProfile.Span span = StepProfile.Measure("sample and reward");
        var written = new List<Rollout>(Collect(sampler, step, 0, cancel));
        for (int refill = 1; SamplesDynamically && refill <= MostRefills && WithSpread(written).Count() < recipe.Rollout.PromptsPerStep; refill++)
            written.AddRange(Collect(sampler, step, refill, cancel));
        return written;
    }

    // A response is scored from the moment it ends, while others are still written: only the last ones are waited for.
    private IReadOnlyList<Rollout> Collect(StudentSampler sampler, int step, int refill, CancellationToken cancel)
    {
        if (_scorer is null) return sampler.Sample(step, refill, null, cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var scores = new Dictionary<int[], Task<double>>(ReferenceEqualityComparer.Instance); // a rollout may be numbered anew, its tokens stay
        try
        {
            IReadOnlyList<Rollout> rollouts = sampler.Sample(step, refill, rollout => scores[rollout.ResponseIds] = Task.Run(() => Score(rollout, stop.Token), stop.Token), cancel);
            return Scored(rollouts, rollout => scores.TryGetValue(rollout.ResponseIds, out Task<double>? begun) ? begun : Score(rollout, stop.Token));
        }
        finally
        {
            stop.Cancel(); // a failure ends what nobody waits for; programs that were started are ended, not left
            Task.WhenAll(scores.Values).ContinueWith(_ => { }, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    /// <summary>The rollouts with their rewards; the same ones where the recipe has none.</summary>
    public IReadOnlyList<Rollout> Score(IReadOnlyList<Rollout> rollouts, CancellationToken cancel) =>
        _scorer is null ? rollouts : Scored(rollouts, rollout => Score(rollout, cancel));

    // Rewards that start a program wait for it; those run side by side.
    private static Rollout[] Scored(IReadOnlyList<Rollout> rollouts, Func<Rollout, Task<double>> score) =>
        Task.WhenAll(rollouts.Select(async rollout => rollout with { Reward = await score(rollout) })).GetAwaiter().GetResult();

    private async Task<double> Score(Rollout rollout, CancellationToken cancel)
    {
        TrainingExample example = rollout.Source;
        var input = new RewardInput(example.Prompt ?? example.Messages?[^1].Content ?? "", student.DecodeResponse(rollout.ResponseIds), example.Answer,
            (double)rollout.ResponseIds.Length / recipe.Rollout.MaxNewTokens);
        return (await _scorer!.ScoreAsync(input, cancel)).Total;
    }

    /// <summary>
    /// What is trained on: for DAPO without the groups whose rewards are all equal, which teach nothing and only dilute the
    /// mean; else everything. Where no group has spread all stay: a step with a gradient of zero, not an error.
    /// </summary>
    public IReadOnlyList<Rollout> WorthComparing(IReadOnlyList<Rollout> rollouts)
    {
        if (!SamplesDynamically) return rollouts;
        Rollout[] kept = WithSpread(rollouts).Take(recipe.Rollout.PromptsPerStep).SelectMany(g => g).ToArray();
        return kept.Length > 0 ? kept : rollouts;
    }

    private static IEnumerable<IGrouping<int, Rollout>> WithSpread(IEnumerable<Rollout> rollouts) =>
        rollouts.GroupBy(r => r.Group).Where(g => g.Max(r => r.Reward) > g.Min(r => r.Reward));
}
