using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Leaves out responses of the larger class, drawn by the recipe's seed, so that correct and wrong ones stand in a given
/// ratio. Where a class is empty nothing is left out; at least one of each stays. Source: Uni-OPD (arXiv 2605.03677), online balance.
/// </summary>
public sealed record DataBalanceRecipe : StabilizerRecipe
{
    /// <summary>Correct responses for each wrong one; 0 keeps the wrong ones only; null turns it off.</summary>
    [Range(0, 1e9)]
    public double? Ratio { get; init; } = 1;

    /// <summary>Within what the ratio is to hold.</summary>
    [Choice("group", "The rollouts of one prompt.")]
    [Choice("batch", "All rollouts of the step.")]
    public string Scope { get; init; } = "group";

    /// <summary>Reward from which a response counts as correct.</summary>
    [Range(-1e6, 1e6)]
    public double CorrectFrom { get; init; } = 0.5;
}
