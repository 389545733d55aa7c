namespace OpdCode.Recipes.Contexts;

/// <summary>One call of the student inside a harness.</summary>
public sealed record HarnessStage
{
    /// <summary>The name of its result in later templates.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The template of its prompt: columns of the example, {hint}, results of earlier stages, retrievals. A stage whose names do
    /// not all have a value is left out, and so has no result.
    /// </summary>
    public required string Prompt { get; init; }

    /// <summary>
    /// A regular expression whose last match is the result: its first group that took part, or the whole match. No match, or only
    /// white space: no result. The whole text, trimmed, when absent.
    /// </summary>
    public string? Parser { get; init; }

    /// <summary>The longest text, in tokens; the recipe's limit holds too.</summary>
    public int? MaxNewTokens { get; init; }
}
