namespace OpdCode.Protocol;

/// <summary>What to run.</summary>
public sealed record StartRunParams
{
    /// <summary>Absolute path of the recipe.</summary>
    [ClientPath]
    public required string RecipePath { get; init; }

    /// <summary>Settings that replace those of the recipe, each <c>path=value</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];

    /// <summary>Name of the run, which names its folder; null: the recipe's name and the time.</summary>
    public string? Name { get; init; }
}
