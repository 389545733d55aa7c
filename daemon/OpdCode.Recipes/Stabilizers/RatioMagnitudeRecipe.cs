using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// The size of a token's update follows the likelihood ratio in the direction of its advantage:
/// w = clip((T/S)^sign(A), 1 − epsilon, 1 + epsilon). The sign of the advantage never changes. Source: RLSD (arXiv 2604.03128);
/// EGRSD (arXiv 2605.13255) takes it over, with values of epsilon and mix that are inferred.
/// </summary>
public sealed record RatioMagnitudeRecipe : StabilizerRecipe
{
    /// <summary>How far the weight may be from 1; 0 turns it off.</summary>
    [Range(0, 1.0)]
    public double Epsilon { get; init; } = 0.2;

    /// <summary>Share of the ratio in the weight, (1 − mix) + mix·w; 0 turns it off. RLSD's published port uses 0.5.</summary>
    [Range(0, 1.0)]
    public double Mix { get; init; } = 1;

    /// <summary>Steps over which the share rises in a straight line from 0; 0: at once.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int WarmupSteps { get; init; }

    /// <summary>Steps after the warm-up over which the share falls in a straight line to 0; 0: it stays.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int DecaySteps { get; init; }
}
