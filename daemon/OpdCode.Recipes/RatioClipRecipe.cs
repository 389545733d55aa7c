using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>PPO's clip of the ratio r = p_student / p_old: the loss stops following r beyond [1 − low, 1 + high].</summary>
public sealed record RatioClipRecipe
{
    /// <summary>How far below 1 the ratio counts.</summary>
    [Range(0, 1.0)]
    public double Low { get; init; } = 0.2;

    /// <summary>How far above 1 the ratio counts; larger than <see cref="Low"/> is DAPO's clip-higher (arXiv 2503.14476).</summary>
    [Range(0, double.MaxValue)]
    public double High { get; init; } = 0.28;

    /// <summary>Largest ratio at all where the advantage is negative (dual clip, arXiv 1912.09729), above 1; none when absent.</summary>
    [Range(1, double.MaxValue, MinimumIsExclusive = true)]
    public double? Dual { get; init; }
}
