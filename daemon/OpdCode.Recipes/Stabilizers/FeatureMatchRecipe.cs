using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Adds the mean squared difference of the two models' last hidden states at the response tokens, for models of the same
/// width. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
public sealed record FeatureMatchRecipe : StabilizerRecipe
{
    /// <summary>Multiplies the added loss; 0 turns it off. unisd-star uses 0.01.</summary>
    [Range(0, double.MaxValue)]
    public double Coefficient { get; init; } = 0.1;
}
