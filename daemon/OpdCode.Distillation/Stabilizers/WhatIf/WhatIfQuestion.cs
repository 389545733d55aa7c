using OpdCode.Distillation.Runs;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Stabilizers.WhatIf;

/// <summary>What would other stabilizers have done to the recorded rollouts of a step?</summary>
public sealed record WhatIfQuestion
{
    /// <summary>Recorded rollouts of one step.</summary>
    public required IReadOnlyList<RolloutRecord> Rollouts { get; init; }

    /// <summary>The objective that the stabilizers act on: as a rule the run's own, because the recorded divergence is its.</summary>
    public required ObjectiveRecipe Objective { get; init; }

    /// <summary>The stabilizers to try.</summary>
    public required IReadOnlyList<StabilizerRecipe> Stabilizers { get; init; }

    /// <summary>Tokens that the student knows; null where unknown, then the linear confidence cannot be computed.</summary>
    public int? VocabularySize { get; init; }

    /// <summary>How many rollouts the step had; null where unknown. Fewer recorded ones make what looks at the whole step an approximation.</summary>
    public int? StepRollouts { get; init; }

    /// <summary>The recipe's seed.</summary>
    public long Seed { get; init; } = 1;
}
