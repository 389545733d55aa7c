using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// A token's divergence counts as at most a bound, and has no gradient above it. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
public sealed record ClipDivergenceRecipe : StabilizerRecipe
{
    /// <summary>Largest value; null: no bound.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    [Unit("nats")]
    public double? Max { get; init; } = 10;

    /// <summary>The bound is this quantile of the step's divergences, and max is not asked; null: the bound is max.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    [Example(0.99)]
    public double? Quantile { get; init; }
}
