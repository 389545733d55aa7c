using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Leaves out the end of a response once the teacher no longer separates the tokens that the student considers: the mean
/// margin of each sentence is split in two by a change point where BIC prefers that, and the lower second part is
/// released. Source: Prefix Teach, Suffix Fade (arXiv 2605.13643).
/// </summary>
/// <remarks>Margin: the teacher's best minus its second-best log-probability among the student's topK tokens. Sentences are cut by fixed rules, not by NLTK as in the paper.</remarks>
public sealed record PrefixReleaseRecipe : StabilizerRecipe
{
    /// <summary>How many of the student's most likely tokens are looked at. With 1 there is no margin.</summary>
    [Range(2, int.MaxValue)]
    [Unit("tokens")]
    public int TopK { get; init; } = 4;

    /// <summary>Fewest sentences of a response that may be cut: two or three can always be split (inferred). More than a response ever has turns it off.</summary>
    [Range(2, int.MaxValue)]
    [Unit("sentences")]
    public int MinSegments { get; init; } = 4;

    /// <summary>What the kept tokens are scaled up to preserve. The paper does not define it; mask is inferred.</summary>
    [Choice("mask", "The number of tokens (inferred).")]
    [Choice("advantage", "The sum of |log T − log S| of the sampled tokens (inferred).")]
    [Choice("loss", "The sum of |(log T − log S)·log S| of the sampled tokens (inferred).")]
    public string Mass { get; init; } = "mask";
}
