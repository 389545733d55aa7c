using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>Greedy answers to held-out prompts, compared with the known answers.</summary>
public sealed record EvaluateRecipe
{
    /// <summary>The held-out file (.jsonl), relative to the recipe; needs an answer column. Absent: the prompts that data.holdOut keeps out of the training file.</summary>
    [MinLength(1)]
    [RecipePath(RecipePathKind.DataFile)]
    [Example("heldout.jsonl")]
    public string? Data { get; init; }

    /// <summary>Evaluate every so many steps, besides before the first and after the last; 0: only those two.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int Every { get; init; }

    /// <summary>How many prompts, from the top of the file; 0: all of them.</summary>
    [Range(0, int.MaxValue)]
    [Unit("prompts")]
    public int Count { get; init; }

    /// <summary>The answer is what follows the last occurrence of this text in the response, trimmed; the whole response when absent.</summary>
    [MinLength(1)]
    [Example("####")]
    public string? AnswerAfter { get; init; }
}
