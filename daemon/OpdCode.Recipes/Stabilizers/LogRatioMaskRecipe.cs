using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Tokens with |log S − log T| at or above a bound weigh 0; the mean's denominator stays. Source: Uni-OPD (arXiv 2605.03677), its code.
/// </summary>
public sealed record LogRatioMaskRecipe : StabilizerRecipe
{
    /// <summary>The bound; null turns it off.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    [Unit("nats")]
    public double? Max { get; init; } = 10;
}
