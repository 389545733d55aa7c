namespace OpdCode.Protocol;

/// <summary>A published algorithm that a recipe can name.</summary>
public sealed record MethodInfo
{
    /// <summary>The name in <c>"method": "…"</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The name that people know.</summary>
    public required string Title { get; init; }

    /// <summary>What it does, in one line.</summary>
    public required string Summary { get; init; }

    /// <summary>Authors and title.</summary>
    public required string Paper { get; init; }

    /// <summary>Where to read it.</summary>
    public required string Url { get; init; }

    /// <summary>Year of the first version.</summary>
    public required int Year { get; init; }

    /// <summary>How sure we are of the settings: <c>official-code</c>, <c>paper</c>, <c>notes</c>, <c>inferred</c>.</summary>
    public required string Evidence { get; init; }
}
