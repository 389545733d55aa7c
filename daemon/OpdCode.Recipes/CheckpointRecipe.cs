using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>When the run saves itself.</summary>
public sealed record CheckpointRecipe
{
    /// <summary>Save every so many steps, besides after the last; 0: only after the last.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int Every { get; init; }

    /// <summary>How many of the newest checkpoints to keep; 0: all.</summary>
    [Range(0, int.MaxValue)]
    [Unit("checkpoints")]
    public int Keep { get; init; } = 2;

    /// <summary>Type of the weights in a checkpoint: float32 keeps them exactly, bfloat16 is half the size.</summary>
    [Choice("float32", "Exact: every bit of every weight.")]
    [Choice("bfloat16", "Half the size; the last bits of every weight are rounded away.")]
    public string Type { get; init; } = "float32";
}
