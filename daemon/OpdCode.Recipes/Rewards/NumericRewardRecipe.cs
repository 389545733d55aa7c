using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Rewards;

/// <summary>1 when the last number of the response equals the answer column's number within the tolerance; otherwise 0.</summary>
public sealed record NumericRewardRecipe : RewardRecipe
{
    /// <summary>Largest allowed |response − answer|.</summary>
    [Range(0, double.MaxValue)]
    public double Tolerance { get; init; } = 1e-6;

    /// <summary>Largest allowed |response − answer| / |answer|; the larger of both tolerances counts.</summary>
    [Range(0, double.MaxValue)]
    public double RelativeTolerance { get; init; }
}
