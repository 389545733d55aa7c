namespace OpdCode.Protocol;

/// <summary>A recipe and how thoroughly to look at it.</summary>
public sealed record ValidateRecipeParams : RecipeParams
{
    /// <summary>True: look at models, tokenizers, templates, data, memory and disk as well.</summary>
    public bool Preflight { get; init; }
}
