using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Every response has its own skew: α = clip(1 − (1 − α₀)·m/(d + 1e-5), floor, α₀), α₀ the objective's alpha, d how much likelier
/// one side finds the response than the other (mean log-probability, exponentiated), m what d was on average at the start. The
/// further apart the two are, the more skew up to α₀; as the student comes near, less. Source: DistiLLM-2 (arXiv 2503.07067),
/// its code, where it is off; that m is the mean over the first step's responses is inferred.
/// </summary>
public sealed record AdaptiveSkewRecipe : StabilizerRecipe
{
    /// <summary>The least skew; from the objective's alpha on nothing adapts.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    public double Floor { get; init; } = 0.01;

    /// <summary>m; the mean of d over the first step's responses, of given text and of the student's text apart, when absent. That step then has the skew α₀.</summary>
    [Range(-1.0, 1.0)]
    [Unit("probability per token")]
    public double? Anchor { get; init; }
}
