using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Makes the teacher's judgement agree with the outcome: where correct responses do not have a mean log-ratio at least
/// delta above that of wrong ones, the missing part is added to every token's advantage. Source: Uni-OPD (arXiv 2605.03677).
/// </summary>
/// <remarks>A response is correct from a reward of correctFrom on. Where one of the two classes is empty, nothing is shifted.</remarks>
public sealed record MarginShiftRecipe : StabilizerRecipe
{
    /// <summary>The gap asked for between correct and wrong; far below zero turns it off.</summary>
    [Range(-1e9, 1e9)]
    [Unit("nats per token")]
    public double Delta { get; init; } = 0.4;

    /// <summary>Between what of the two classes the gap is.</summary>
    [Choice("mean", "Mean of the correct minus mean of the wrong.")]
    [Choice("minmax", "Smallest of the correct minus largest of the wrong: order consistency.")]
    public string Statistic { get; init; } = "mean";

    /// <summary>Which class moves.</summary>
    [Choice("both", "Half each.")]
    [Choice("up", "Correct responses are raised.")]
    [Choice("down", "Wrong responses are lowered.")]
    public string Direction { get; init; } = "both";

    /// <summary>Among which responses the gap is taken.</summary>
    [Choice("group", "The rollouts of one prompt.")]
    [Choice("batch", "All rollouts of the step.")]
    public string Scope { get; init; } = "group";

    /// <summary>Reward from which a response counts as correct.</summary>
    [Range(-1e6, 1e6)]
    public double CorrectFrom { get; init; } = 0.5;
}
