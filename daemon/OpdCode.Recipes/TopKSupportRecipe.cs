using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>Only the most likely tokens of one or both models; never the same objective as the full vocabulary, and labelled so.</summary>
public sealed record TopKSupportRecipe : SupportRecipe
{
    /// <summary>Whose most likely tokens.</summary>
    public SupportOwner Of { get; init; } = SupportOwner.Teacher;

    /// <summary>How many of each, 1 or more; the vocabulary size or more equals the full vocabulary.</summary>
    [Range(1, int.MaxValue)]
    [Unit("tokens")]
    public int K { get; init; } = 16;

    /// <summary>What happens to the probability outside the support.</summary>
    public SupportTail Tail { get; init; } = SupportTail.Bucket;
}
