using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// Text that the student did not write, beside what it writes: the answers of the data, or what the judge writes to the
/// same prompts. In first steps alone it is a warm start; as a share it is GKD's λ; in pairs it is DistiLLM-2.
/// </summary>
public sealed record OffPolicyRecipe
{
    /// <summary>Where the text comes from.</summary>
    [Choice("completion", "The completion column of the data.")]
    [Choice("judge", "The judge writes it to the student's prompt, sampled as rollouts are.")]
    public string Text { get; init; } = "completion";

    /// <summary>In the first so many steps all text is of this kind; 0: none are.</summary>
    [Range(0, int.MaxValue)]
    [Unit("optimizer steps")]
    public int Steps { get; init; }

    /// <summary>After those steps the share of prompts with such a text in the place of the student's (GKD: 1 − λ). 0: none.</summary>
    [Range(0, 1.0)]
    [Unit("share of prompts")]
    public double Share { get; init; }

    /// <summary>After those steps a threshold that follows the validation loss decides for each step whether it has such a text (DistiLLM); none when absent.</summary>
    public AdaptiveOffPolicyRecipe? Adaptive { get; init; }

    /// <summary>After those steps every prompt has such a text beside the student's.</summary>
    public bool Paired { get; init; }

    /// <summary>What is optimised on such text; the recipe's objective when absent.</summary>
    public ObjectiveRecipe? Objective { get; init; }

    /// <summary>What the two losses are divided by.</summary>
    [Choice("together", "Each token of the step weighs the same, whoever wrote it.")]
    [Choice("apart", "The mean over the student's text plus the mean over such text (DistiLLM-2).")]
    public string Means { get; init; } = "together";

    /// <summary>Multiplies the loss on such text.</summary>
    [Range(0, 1e6)]
    public double Weight { get; init; } = 1;

    /// <summary>Shifts weight from the loss on such text to the loss on the student's own, step by step (DistiLLM-2's curriculum); both keep theirs when absent.</summary>
    public LossBalanceRecipe? Balance { get; init; }
}
