using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// The first tokens of every response weigh 0: a teacher that sees more than the student opens differently. They still
/// count in the mean's denominator; normalize-weights takes them out. Source: SDFT (arXiv 2601.19897), tinker's code.
/// </summary>
public sealed record SkipFirstRecipe : StabilizerRecipe
{
    /// <summary>How many; 0 turns it off.</summary>
    [Range(0, int.MaxValue)]
    [Unit("tokens")]
    public int Tokens { get; init; } = 3;
}
