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
}
