using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>Policy gradient on rewards, compared within the rollouts of one prompt, with a distillation term beside it where wanted.</summary>
public sealed record GroupRewardObjectiveRecipe : ObjectiveRecipe
{
    /// <summary>
    /// grpo: (R − mean)/std, each sequence weighs the same. dr-grpo: R − mean, divided by a constant length. dapo: as grpo,
    /// each token weighs the same, clip-higher, groups without spread are dropped.
    /// </summary>
    [Choice("grpo", "(R − mean)/std within the group; every sequence weighs the same.")]
    [Choice("dr-grpo", "R − mean within the group, over a constant length: no bias towards short or easy.")]
    [Choice("dapo", "As grpo, every token weighs the same, clip-higher, groups without spread are dropped.")]
    public string Estimator { get; init; } = "grpo";

    /// <summary>group: divide by the spread within the group; batch: within the batch; none. What the estimator does when absent.</summary>
    [Choice("group", "Divide by the standard deviation within the group.")]
    [Choice("batch", "Divide by the standard deviation of all rewards of the step.")]
    [Choice("none", "Do not divide.")]
    public string? ScaleRewards { get; init; }

    /// <summary>Adds c·(log p_teacher − log p_student) of each token to the advantage; none when absent.</summary>
    public DistillationTermRecipe? Distillation { get; init; }

    /// <summary>PPO's bound on the ratio; what the estimator does when absent (0.2 on both sides, dapo 0.2 and 0.28).</summary>
    public RatioClipRecipe? Clip { get; init; }

    /// <summary>Correction for a sampler whose probabilities differ from the trainer's; none when absent.</summary>
    public ImportanceRecipe? Importance { get; init; }

    /// <summary>What the sum over tokens is divided by; what the estimator does when absent. EGRSD compares rewards over the run and divides by tokens.</summary>
    public LossNormalization? Normalize { get; init; }

    /// <summary>The longest response, tokens: dr-grpo's constant and dapo's overlong penalty count against it.</summary>
    [Range(1, int.MaxValue)]
    [Unit("tokens")]
    public int? MaxLength { get; init; }

    /// <summary>dapo: the penalty on length starts so many tokens before <see cref="MaxLength"/>; 0: no penalty.</summary>
    [Range(0, int.MaxValue)]
    [Unit("tokens")]
    public int OverlongBuffer { get; init; }

    /// <summary>dapo: reward taken away at <see cref="MaxLength"/>.</summary>
    [Range(0, double.MaxValue)]
    public double OverlongPenalty { get; init; } = 1;
}
