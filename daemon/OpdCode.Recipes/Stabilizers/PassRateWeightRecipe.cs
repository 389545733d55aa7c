using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Prompts that are neither solved nor hopeless count most: w = p^a·(1 − p)^b for all responses of a prompt, p the share of
/// them that is correct. Largest at p = a/(a + b). Source: PACED, as the survey (arXiv 2604.00626) quotes it, with a = b = 1;
/// that p is taken from the step's own responses is inferred.
/// </summary>
public sealed record PassRateWeightRecipe : StabilizerRecipe
{
    /// <summary>a: the larger, the less prompts count that are rarely solved. 0 with <see cref="Easy"/> 0 turns it off.</summary>
    [Range(0, 100.0)]
    public double Hard { get; init; } = 1;

    /// <summary>b: the larger, the less prompts count that are nearly always solved.</summary>
    [Range(0, 100.0)]
    public double Easy { get; init; } = 1;

    /// <summary>Reward from which a response counts as correct.</summary>
    [Range(-1e6, 1e6)]
    public double CorrectFrom { get; init; } = 0.5;
}
