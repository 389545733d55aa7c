using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Better responses count more: w = N·softmax(reward/β) over the N responses of the step, 1 on average. Source: OPHSD (arXiv
/// 2605.08741), its code, where it is off.
/// </summary>
public sealed record RewardWeightRecipe : StabilizerRecipe
{
    /// <summary>β: the smaller, the more the best response takes; none turns it off.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    public double? Beta { get; init; } = 1;
}
