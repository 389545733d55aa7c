using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Early tokens weigh more, later ones less the more disagreement stands before them:
/// w = 1 + gamma·(1 − Σ before |A| / Σ all |A|), A = log T − log p_sampler of the tokens. Source: IW-OPD (arXiv 2606.22600), TRL's code.
/// </summary>
public sealed record PrefixWeightRecipe : StabilizerRecipe
{
    /// <summary>How much more the first token weighs; 0 turns it off.</summary>
    [Range(0, double.MaxValue)]
    public double Gamma { get; init; } = 0.5;
}
