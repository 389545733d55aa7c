using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Learns from a share of each response's tokens, drawn without replacement with probability ∝ (H(S)/ln V)²·(JSD/ln 2)^γ: those at
/// which the student is unsure and the teacher disagrees. The others weigh 0 and still count in the mean's denominator;
/// normalize-weights takes them out. Source: OPHSD (arXiv 2605.08741), its code, where it is off; drawing per response is inferred.
/// </summary>
public sealed record TokenDrawRecipe : StabilizerRecipe
{
    /// <summary>The share that is kept, rounded up to whole tokens; 1 turns it off.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    [Unit("share of tokens")]
    public double Share { get; init; } = 0.5;

    /// <summary>γ: how much disagreement decides beside the student's doubt; 0: not at all.</summary>
    [Range(0, 100.0)]
    public double Gamma { get; init; } = 1;
}
