using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Leading digits weigh more: in a run of n digit tokens the weights are n, n − 1, …, 1, each at most maxDigits. A digit
/// token is one whose text, without spaces around it, is all digits. Source: GUI-SD (arXiv 2605.00642).
/// </summary>
public sealed record DigitPlaceRecipe : StabilizerRecipe
{
    /// <summary>Largest weight; 0: no bound; 1: every digit weighs 1.</summary>
    [Range(0, int.MaxValue)]
    public int MaxDigits { get; init; } = 3;

    /// <summary>Weight of everything that is no digit. GUI-SD recommends 0.1.</summary>
    [Range(0, double.MaxValue)]
    public double OtherWeight { get; init; } = 1;
}
