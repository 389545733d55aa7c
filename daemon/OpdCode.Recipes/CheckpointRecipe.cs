using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>When the run saves itself.</summary>
public sealed record CheckpointRecipe
{
    /// <summary>Save every so many steps, besides after the last; 0: only after the last.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int Every { get; init; }

    /// <summary>Save as well when so many minutes have passed since the last time, so that no failure costs more than that; 0: never for that reason.</summary>
    [Range(0d, 1e6)]
    [Unit("minutes")]
    public double Minutes { get; init; } = 10;

    /// <summary>How many of the newest checkpoints to keep; 0: all.</summary>
    [Range(0, int.MaxValue)]
    [Unit("checkpoints")]
    public int Keep { get; init; } = 2;

    /// <summary>Keep the checkpoint with the best held-out accuracy as well, however old. Of equal ones the later is the best.</summary>
    public bool KeepBest { get; init; } = true;

    /// <summary>Type of the weights in a checkpoint: float32 keeps them exactly, bfloat16 is half the size. A resumed run is exact either way.</summary>
    [Choice("float32", "Exact: every bit of every weight.")]
    [Choice("bfloat16", "Half the size; the last bits of every weight are rounded away.")]
    public string Type { get; init; } = "float32";
}
