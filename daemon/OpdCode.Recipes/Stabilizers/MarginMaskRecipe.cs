using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Leaves out the responses on which teacher and outcome disagree most: the worst of the correct or the best of the wrong,
/// whichever widens the gap more, until the gap is delta. Source: Uni-OPD (arXiv 2605.03677).
/// </summary>
public sealed record MarginMaskRecipe : StabilizerRecipe
{
    /// <summary>The gap asked for between the mean log-ratios of correct and wrong responses; far below zero turns it off.</summary>
    [Range(-1e9, 1e9)]
    [Unit("nats per token")]
    public double Delta { get; init; } = 0.4;

    /// <summary>Between what of the two classes the gap is.</summary>
    [Choice("mean", "Mean of the correct minus mean of the wrong.")]
    [Choice("minmax", "Smallest of the correct minus largest of the wrong: order consistency.")]
    public string Statistic { get; init; } = "mean";

    /// <summary>Among which responses the gap is taken.</summary>
    [Choice("group", "The rollouts of one prompt.")]
    [Choice("batch", "All rollouts of the step.")]
    public string Scope { get; init; } = "group";

    /// <summary>Share of each class that always stays; at least one response of each does.</summary>
    [Range(0, 1.0)]
    public double Keep { get; init; } = 0.25;

    /// <summary>Reward from which a response counts as correct.</summary>
    [Range(-1e6, 1e6)]
    public double CorrectFrom { get; init; } = 0.5;
}
