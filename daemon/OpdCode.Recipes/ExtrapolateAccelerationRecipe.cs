using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// After steps 1, 2, 4, 8, … the weights are moved on along what they have moved since the last time, as long as that
/// scores better on some prompts of the training data; what does not is undone bit for bit (EffOPD, arXiv 2605.11739).
/// </summary>
public sealed record ExtrapolateAccelerationRecipe : AccelerationRecipe
{
    /// <summary>Most candidates that are tried: weights + 2k·(weights − weights of the last time), k = 1, 2, ….</summary>
    [Range(1, 100)]
    [Unit("candidates")]
    public int Candidates { get; init; } = 5;

    /// <summary>Training prompts that every candidate answers greedily, the same throughout the run.</summary>
    [Range(1, int.MaxValue)]
    [Unit("prompts")]
    public int ValidationPrompts { get; init; } = 50;

    /// <summary>When a candidate is taken. The paper's text says greater-or-equal, its code greater.</summary>
    public CandidateAcceptance Accept { get; init; } = CandidateAcceptance.Greater;
}
