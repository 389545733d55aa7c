using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Tokens weigh less where the teacher changes its mind with its context: it scores the response under several auxiliary
/// contexts, and the spread of its log-probabilities lowers the weight. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
/// <remarks>
/// token: w = max(1 / (1 + gamma·n), 0.01), n = min(spread / max(its 95 % quantile over the step, 1e-6), 10).
/// sequence: w = max(exp(−gamma·spread of the mean log-probability), 1e-6) on all tokens.
/// </remarks>
public sealed record AgreementRecipe : StabilizerRecipe
{
    /// <summary>Whether every token or every sequence gets a weight.</summary>
    [Choice("token", "Each token by the spread of its own log-probability.")]
    [Choice("sequence", "All tokens of a response by the spread of their mean. With normalize-weights over the sequence it cancels out, as in the released code.")]
    public string Level { get; init; } = "token";

    /// <summary>How much disagreement counts; 0 turns it off.</summary>
    [Range(0, double.MaxValue)]
    public double Gamma { get; init; } = 0.001;

    /// <summary>How the spread over the contexts is measured.</summary>
    [Choice("variance", "Variance over the contexts: unbiased for tokens, biased for sequences, as in the released code.")]
    [Choice("range", "Largest minus smallest.")]
    public string Spread { get; init; } = "variance";
}
