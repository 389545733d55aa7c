using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// β in β·(loss on the student's text) + (2 − β)·(loss on given text), which moves in a straight line with the steps that are
/// done and then stays: the curriculum of DistiLLM-2 (arXiv 2503.07067), from 1 to 1.5 over the first half of the run.
/// </summary>
public sealed record LossBalanceRecipe
{
    /// <summary>β in the first step. 1: both losses count once; 2: only the student's text; 0: only given text.</summary>
    [Range(0, 2.0)]
    public double Start { get; init; } = 1;

    /// <summary>β at the end of the ramp and after it.</summary>
    [Range(0, 2.0)]
    public double End { get; init; } = 1.5;

    /// <summary>Share of the run's steps after which <see cref="End"/> is reached.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    [Unit("share of steps")]
    public double Over { get; init; } = 0.5;
}
