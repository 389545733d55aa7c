using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Only the first tokens of every response are learned from; the rest weigh 0. They still count in the mean's denominator;
/// normalize-weights takes them out. Source: OPHSD (arXiv 2605.08741), its code, where it is off.
/// </summary>
public sealed record KeepFirstRecipe : StabilizerRecipe
{
    /// <summary>How many; 2147483647 turns it off.</summary>
    [Range(1, int.MaxValue)]
    [Unit("tokens")]
    public int Tokens { get; init; } = 1024;
}
