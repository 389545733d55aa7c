using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>The prompts (and answers) to learn from: JSON lines.</summary>
public sealed record DataRecipe
{
    /// <summary>The training file (.jsonl), relative to the recipe. Columns: prompt or messages, completion (supervised), answer (checkable).</summary>
    [MinLength(1)]
    [RecipePath(RecipePathKind.DataFile)]
    [Example("prompts.jsonl")]
    public required string Train { get; init; }

    /// <summary>chat renders the model's chat template around the prompt; plain takes the prompt as it is.</summary>
    public PromptFormat Format { get; init; } = PromptFormat.Chat;

    /// <summary>Share of the prompts of the training file that is never trained on, chosen by a hash of their text: a prompt stays on its side when lines are added or reordered. What evaluate uses when it names no file of its own.</summary>
    [Range(0.0, 0.9)]
    [Unit("share of prompts")]
    public double HoldOut { get; init; }

    /// <summary>true: a prompt that occurs again in the training file is passed over; the first occurrence stays. Reads the file once before the first step.</summary>
    public bool Deduplicate { get; init; }
}
