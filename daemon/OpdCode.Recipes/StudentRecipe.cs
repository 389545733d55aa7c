using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>The model that writes and learns: a folder to start from, or a shape to start from random weights.</summary>
public sealed record StudentRecipe
{
    /// <summary>A Hugging Face model folder, relative to the recipe.</summary>
    [MinLength(1)]
    [RecipePath(RecipePathKind.ModelFolder)]
    [Example("../models/student")]
    public required string Model { get; init; }

    /// <summary>Start from random weights: only config and tokenizer are read from <see cref="Model"/>.</summary>
    /// <value>false by default.</value>
    public bool FromScratch { get; init; }

    /// <summary>Train a low-rank adapter instead of all weights.</summary>
    public LoraRecipe? Lora { get; init; }
}
