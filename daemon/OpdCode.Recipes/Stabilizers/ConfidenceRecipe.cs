using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Tokens weigh as much as the teacher is confident, by its entropy H over the full vocabulary of V tokens. Source: GUI-SD
/// (arXiv 2605.00642): the code has the linear form, the paper's text the exponential one.
/// </summary>
public sealed record ConfidenceRecipe : StabilizerRecipe
{
    /// <summary>How entropy becomes weight.</summary>
    [Choice("linear", "1 − H / ln V: 0 for a uniform teacher, 1 for a certain one (the released code).")]
    [Choice("exponential", "exp(−H / temperature): never 0 (the paper's text).")]
    public string Form { get; init; } = "linear";

    /// <summary>exponential: the entropy at which the weight is 1/e.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    [Unit("nats")]
    public double Temperature { get; init; } = 1;

    /// <summary>Share of the confidence in the weight, (1 − mix) + mix·w; 0 turns it off.</summary>
    [Range(0, 1.0)]
    public double Mix { get; init; } = 1;
}
