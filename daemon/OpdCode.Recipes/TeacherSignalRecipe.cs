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
}
