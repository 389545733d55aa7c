using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>What is kept of the rollouts, token by token, for the heatmap.</summary>
public sealed record RecordRecipe
{
    /// <summary>Record rollouts every so many steps (the first and last always); 0: none.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int Every { get; init; } = 10;

    /// <summary>How many rollouts of such a step.</summary>
    [Range(0, int.MaxValue)]
    [Unit("rollouts")]
    public int Rollouts { get; init; } = 8;

    /// <summary>How many alternatives of each model are kept per token.</summary>
    [Range(1, 1000)]
    [Unit("tokens")]
    public int TopK { get; init; } = 5;

    /// <summary>Write the metrics for TensorBoard as well, into the folder <c>tensorboard</c> of the run.</summary>
    public bool Tensorboard { get; init; } = true;
}
