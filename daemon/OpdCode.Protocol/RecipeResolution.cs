namespace OpdCode.Protocol;

/// <summary>A complete recipe.</summary>
public sealed record RecipeResolution
{
    /// <summary>The recipe as text, with the origin of every value that the file does not write as a comment; null when the recipe has errors.</summary>
    public string? Text { get; init; }

    /// <summary>Every setting; empty when the recipe has errors.</summary>
    public required IReadOnlyList<ResolvedSetting> Settings { get; init; }

    /// <summary>All problems of the recipe.</summary>
    public required IReadOnlyList<RecipeProblem> Problems { get; init; }
}
