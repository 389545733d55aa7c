using OpdCode.Distillation.Evaluation;

namespace OpdCode.Distillation.Runs.Checkpoints;

/// <summary>
/// <c>state/progress.json</c> of a checkpoint: where the run was. Order of the data, sampling and schedule are
/// functions of seed and step alone, so the step is their whole state.
/// </summary>
public sealed record RunProgress
{
    /// <summary>The optimizer step that the checkpoint was written after; 0 before the first.</summary>
    public required int Step { get; init; }

    /// <summary>Response tokens trained on so far.</summary>
    public long TotalTokens { get; init; }

    /// <summary>Seconds that the run was active so far, all sessions together.</summary>
    public double ActiveSeconds { get; init; }

    /// <summary>SHA-256 of the run's recipe.json.</summary>
    public string? RecipeHash { get; init; }

    /// <summary>The checkpoint with the best held-out accuracy so far; null where none was evaluated.</summary>
    public int? BestStep { get; init; }

    /// <summary>The accuracy of <see cref="BestStep"/>, 0 to 1.</summary>
    public double? BestAccuracy { get; init; }

    /// <summary>The evaluation before the first step; null without one.</summary>
    public EvaluationResult? FirstEvaluation { get; init; }

    /// <summary>The latest evaluation; null without one.</summary>
    public EvaluationResult? LastEvaluation { get; init; }
}
