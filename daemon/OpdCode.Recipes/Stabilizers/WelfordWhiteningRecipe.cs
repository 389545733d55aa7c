using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// The advantage of a response is its reward whitened by the running mean and standard deviation of all rewards of the run
/// (Welford), in place of a comparison within its group: for one rollout a prompt. Source: EGRSD (arXiv 2605.13255).
/// </summary>
/// <remarks>The step's own rewards are counted first. With all rewards equal so far the advantage is 0.</remarks>
public sealed record WelfordWhiteningRecipe : StabilizerRecipe
{
    /// <summary>Subtract the running mean.</summary>
    public bool Center { get; init; } = true;

    /// <summary>Divide by the running standard deviation. With both off the group comparison stays.</summary>
    public bool Scale { get; init; } = true;

    /// <summary>Added to the standard deviation.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    public double Epsilon { get; init; } = 1e-6;
}
