using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>Another model, which shares the student's tokenizer, scores what the student wrote.</summary>
public sealed record TeacherSignalRecipe : SignalRecipe
{
    /// <summary>A Hugging Face model folder, relative to the recipe.</summary>
    [MinLength(1)]
    [RecipePath(RecipePathKind.ModelFolder)]
    [Example("../models/teacher")]
    public required string Model { get; init; }

    /// <summary>Type of the teacher's weights in memory, and of what is computed with them. Log-probabilities and losses are float32 in either case.</summary>
    /// <value>float32 by default.</value>
    [Choice("float32", "Exact.")]
    [Choice("bfloat16", "Half the memory; products are several times faster where the processor or card has them in hardware, and numbers carry 8 bits.")]
    public string Type { get; init; } = "float32";

    /// <summary>
    /// Disk space for what the teacher said about each micro-batch, so that texts scored again (steps done again after a
    /// resume, repeated evaluations, the same answers of the data) are read, not computed. 0: nothing is kept. Fresh rollouts are never found again.
    /// </summary>
    /// <value>0 by default. Files lie in the user's local application data, opdcode/scores; the ones unused for longest go first.</value>
    [Range(0, int.MaxValue)]
    [Unit("MB")]
    public int ScoreCache { get; init; }
}
