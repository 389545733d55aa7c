using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// The share of the student's own text grows where the student gets worse on given answers (DistiLLM, arXiv 2402.03898). A
/// threshold φ decides each step: with r drawn from [0, 1), r &lt; φ·(1 − step/steps) lets the student write anew, as any r below φ
/// does until the replay is full; another r &lt; φ takes earlier text of the student; else the step has given text.
/// </summary>
public sealed record AdaptiveOffPolicyRecipe
{
    /// <summary>φ at the start.</summary>
    [Range(0, 1.0)]
    [Unit("probability")]
    public double Start { get; init; }

    /// <summary>Added to φ, up to 1, where the next-token loss on validation answers did not stay below the last one plus <see cref="Tolerance"/>.</summary>
    [Range(0, 1.0)]
    [Unit("probability")]
    public double Raise { get; init; } = 0.1;

    /// <summary>How far above the last validation loss the new one must be.</summary>
    [Range(0, double.MaxValue)]
    [Unit("nats per token")]
    public double Tolerance { get; init; } = 0.1;

    /// <summary>Steps between two looks at the validation loss. The paper looks once an epoch.</summary>
    [Range(1, int.MaxValue)]
    [Unit("optimizer steps")]
    public int Every { get; init; } = 10;

    /// <summary>How many answers it is taken over: held-out ones where the evaluation's data have completions, else some of the training data.</summary>
    [Range(1, int.MaxValue)]
    [Unit("prompts")]
    public int ValidationPrompts { get; init; } = 50;

    /// <summary>How many rollouts of the student are kept for replay, the oldest leave first; 0: none, then r &lt; φ always writes anew.</summary>
    [Range(0, 1_000_000)]
    [Unit("rollouts")]
    public int Replay { get; init; } = 1000;
}
