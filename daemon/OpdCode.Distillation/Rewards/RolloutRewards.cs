using OpdCode.Distillation.Rollouts;
using OpdCode.Models;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using OpdCode.Recipes.Rewards;

namespace OpdCode.Distillation.Rewards;

/// <summary>Scores a step's responses by the recipe's rewards, and says which of them can be compared.</summary>
public sealed class RolloutRewards(Recipe recipe, string folder, LanguageModel student, PromptSource prompts)
{
    private readonly RewardScorer? _scorer = recipe.Rewards.Count == 0 ? null : new RewardScorer(recipe.Rewards, folder);

    /// <summary>The rollouts with their rewards; unchanged when the recipe has none.</summary>
    public IReadOnlyList<Rollout> Score(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        if (_scorer is null) return rollouts;
        // Rewards that start a program wait for it; those run side by side.
        return Task.WhenAll(rollouts.Select(async rollout =>
        {
            TrainingExample example = prompts.Examples[rollout.Example];
            var input = new RewardInput(example.Prompt ?? example.Messages?[^1].Content ?? "", student.DecodeResponse(rollout.ResponseIds), example.Answer);
            return rollout with { Reward = (await _scorer.ScoreAsync(input, cancel)).Total };
        })).GetAwaiter().GetResult();
    }

    /// <summary>
    /// What is trained on: for DAPO (arXiv 2503.14476) without the groups whose rewards are all equal, which teach nothing
    /// and only dilute the mean; else everything. Where no group has spread all stay: a step with a gradient of zero, not an error.
    /// </summary>
    public IReadOnlyList<Rollout> WorthComparing(IReadOnlyList<Rollout> rollouts)
    {
        if (recipe.Objective is not GroupRewardObjectiveRecipe { Estimator: "dapo" } || rollouts.Any(r => r.Reward is null)) return rollouts;
        Rollout[] kept = rollouts.GroupBy(r => r.Group).Where(g => g.Max(r => r.Reward) > g.Min(r => r.Reward)).SelectMany(g => g).ToArray();
        return kept.Length > 0 ? kept : rollouts;
    }
}
