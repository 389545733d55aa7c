using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Tokens where the teacher is unsure weigh less: w = clip(1 − gamma·H/Hmax, floor, 1), H the teacher's entropy over the
/// full vocabulary, Hmax its maximum over the step, at least 1 nat. Source: EGRSD and CL-EGRSD (arXiv 2605.13255).
/// </summary>
public sealed record EntropyGateRecipe : StabilizerRecipe
{
    /// <summary>How much the most uncertain token loses; 0 turns it off. The paper uses 0.1 to 0.3.</summary>
    [Range(0, double.MaxValue)]
    public double Gamma { get; init; } = 0.1;

    /// <summary>Smallest weight.</summary>
    [Range(0, 1.0)]
    public double Floor { get; init; } = 0.1;

    /// <summary>H becomes the minimum over this and so many following tokens, so that a single spike is not gated (CL-EGRSD uses 5); 0: EGRSD.</summary>
    [Range(0, int.MaxValue)]
    [Unit("tokens")]
    public int Lookahead { get; init; }

    /// <summary>Of which entropies Hmax is the maximum. The paper does not say; after the minimum is inferred.</summary>
    [Choice("filtered", "The entropies after the minimum over following tokens (inferred).")]
    [Choice("raw", "The entropies as they are: then lookahead never lowers a weight.")]
    public string Maximum { get; init; } = "filtered";
}
