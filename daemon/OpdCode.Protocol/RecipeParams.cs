namespace OpdCode.Protocol;

/// <summary>A recipe, as a file or as the text of an editor that is not saved yet.</summary>
public record RecipeParams
{
    /// <summary>Absolute path of the file; paths in the recipe are relative to its folder.</summary>
    [ClientPath]
    public required string Path { get; init; }

    /// <summary>The text to use instead of what the file holds; null: the file.</summary>
    public string? Text { get; init; }

    /// <summary>Settings that replace those of the recipe, each <c>path=value</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>Where to report progress; null: nowhere.</summary>
    public string? ProgressToken { get; init; }
}
