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

    /// <summary>Type of the weights in memory, and of what is computed with them. Losses, adapters and optimizer state are float32 in either case.</summary>
    /// <value>float32 by default.</value>
    [Choice("float32", "Exact.")]
    [Choice("bfloat16", "Half the memory; products are several times faster where the processor or card has them in hardware, and numbers carry 8 bits.")]
    public string Type { get; init; } = "float32";
}
