namespace OpdCode.Protocol;

/// <summary>What is wrong with a recipe, all at once.</summary>
public sealed record RecipeValidation
{
    /// <summary>In the order of the file.</summary>
    public required IReadOnlyList<RecipeProblem> Problems { get; init; }

    /// <summary>True when no problem is an error.</summary>
    public required bool Ok { get; init; }

    /// <summary>The method that the recipe names; null without one.</summary>
    public MethodInfo? Method { get; init; }

    /// <summary>The memory that a run needs; null without preflight, or when models could not be read.</summary>
    public RecipeEstimate? Estimate { get; init; }

    /// <summary>One prompt as student and teacher see it; null without preflight.</summary>
    public PromptPreviewText? Preview { get; init; }
}
