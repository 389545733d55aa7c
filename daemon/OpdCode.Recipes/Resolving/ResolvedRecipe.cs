using System.Text.Json.Nodes;

namespace OpdCode.Recipes.Resolving;

/// <summary>A complete recipe: every setting with its value, and where each value came from.</summary>
public sealed record ResolvedRecipe
{
    /// <summary>The recipe as JSON; it is itself a recipe and resolves to itself.</summary>
    public required JsonObject Json { get; init; }

    /// <summary>For each setting (<c>objective.beta</c>): written, set (command line), preset or default.</summary>
    public required IReadOnlyDictionary<string, string> Origins { get; init; }

    /// <summary>The recipe as text, with every origin but "written" as a comment.</summary>
    public required string Text { get; init; }
}
