using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Adds a loss that keeps the student nearer to the teacher than to the teacher misled by a corrupted context T⁻:
/// max(0, margin + |log S − log T| − |log S − log T⁻|) of the sampled tokens, mean over tokens. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
public sealed record ContrastiveRecipe : StabilizerRecipe
{
    /// <summary>Multiplies the added loss; 0 turns it off. unisd-star uses 0.01.</summary>
    [Range(0, double.MaxValue)]
    public double Coefficient { get; init; } = 0.1;

    /// <summary>How much nearer. unisd-star uses 0.1.</summary>
    [Range(0, double.MaxValue)]
    [Unit("nats")]
    public double Margin { get; init; } = 0.5;
}
