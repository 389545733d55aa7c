using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// Importance correction between the sampler's and the trainer's probabilities, ρ = p_trainer / p_sampler, detached.
/// truncate is TIS, mask is MIS.
/// </summary>
public sealed record ImportanceRecipe
{
    /// <summary>Whose probabilities are compared. ListOPD's notes clip teacher-student, the code it builds on trainer-sampler: different quantities.</summary>
    public ImportanceRatio Ratio { get; init; } = ImportanceRatio.TrainerSampler;

    /// <summary>token: each token's own ρ; sequence: the product over the sequence; geometric: its geometric mean.</summary>
    public ImportanceLevel Level { get; init; } = ImportanceLevel.Token;

    /// <summary>truncate: ρ is bounded; mask: tokens outside [min, max] weigh 0.</summary>
    public ImportanceMode Mode { get; init; } = ImportanceMode.Truncate;

    /// <summary>Largest ρ.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    public double Max { get; init; } = 2;

    /// <summary>Smallest ρ; none when absent.</summary>
    [Range(0, double.MaxValue)]
    public double? Min { get; init; }
}
