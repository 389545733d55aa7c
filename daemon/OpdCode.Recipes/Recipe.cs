using System.ComponentModel.DataAnnotations;
using OpdCode.Recipes.Methods;
using OpdCode.Recipes.Rewards;

namespace OpdCode.Recipes;

/// <summary>
/// A distillation recipe (<c>*.opd.json</c>): what to distil and how, along the three axes of the field
/// (<see cref="Objective"/>: what is optimised; <see cref="Signal"/>: where the judgement comes from;
/// <see cref="Stabilizers"/>: how training is kept stable). The only input a run needs.
/// </summary>
public sealed record Recipe
{
    /// <summary>Version of the recipe format. Always 1 today.</summary>
    [Range(1, 1)]
    public required int Version { get; init; }

    /// <summary>A short name for lists and folders; the file name without extension when absent.</summary>
    [MinLength(1)]
    public string? Name { get; init; }

    /// <summary>
    /// A published method whose settings are laid under this recipe; what is written here wins. <c>opdcode methods</c>
    /// lists them, <c>opdcode resolve</c> shows the result.
    /// </summary>
    [MethodName]
    public string? Method { get; init; }

    /// <summary>The model that writes and learns.</summary>
    public required StudentRecipe Student { get; init; }

    /// <summary>What is optimised.</summary>
    public required ObjectiveRecipe Objective { get; init; }

    /// <summary>Where the judgement of every token comes from. Not used by the supervised objective.</summary>
    public SignalRecipe? Signal { get; init; }

    /// <summary>How training is kept stable: applied in the fixed order of the pipeline. Empty by default.</summary>
    public IReadOnlyList<StabilizerRecipe> Stabilizers { get; init; } = [];

    /// <summary>How responses are scored, for objectives that learn from rewards: each reward times its weight, added up.</summary>
    public IReadOnlyList<RewardRecipe> Rewards { get; init; } = [];

    /// <summary>Text that the student did not write, learned from beside or before its own; none when absent.</summary>
    public OffPolicyRecipe? OffPolicy { get; init; }

    /// <summary>Plain text whose language-modelling loss every step adds to its own (MiniLLM); none when absent.</summary>
    public PretrainingRecipe? Pretraining { get; init; }

    /// <summary>What is done around the steps to need fewer of them; nothing when absent.</summary>
    public AccelerationRecipe? Acceleration { get; init; }

    /// <summary>The prompts (and answers) to learn from.</summary>
    public required DataRecipe Data { get; init; }

    /// <summary>How the student writes.</summary>
    public RolloutRecipe Rollout { get; init; } = new();

    /// <summary>How weights are updated.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new();

    /// <summary>Number of optimizer steps.</summary>
    /// <value>100 by default.</value>
    [Range(1, int.MaxValue)]
    [Unit("optimizer steps")]
    public int Steps { get; init; } = 100;

    /// <summary>Seed of everything random: data order, sampling, initial weights.</summary>
    /// <value>1 by default.</value>
    [Range(0d, 9007199254740991d)] // 2^53 - 1: what every JSON reader keeps exactly
    public long Seed { get; init; } = 1;

    /// <summary>How progress is measured on held-out prompts; none when absent.</summary>
    public EvaluateRecipe? Evaluate { get; init; }

    /// <summary>When the run saves itself.</summary>
    public CheckpointRecipe Checkpoint { get; init; } = new();

    /// <summary>What is kept of the rollouts for the token heatmap.</summary>
    public RecordRecipe Record { get; init; } = new();

    /// <summary>Where to compute: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    [RegularExpression("auto|cpu|cuda(:[0-9]+)?", ErrorMessage = "It is auto, cpu, cuda, or cuda:N for the N-th graphics card, counted from 0.")]
    [Example("cuda:0")]
    public string Device { get; init; } = "auto";
}
