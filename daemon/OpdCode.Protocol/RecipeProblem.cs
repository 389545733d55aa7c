namespace OpdCode.Protocol;

/// <summary>One problem of a recipe at its place. Lines and columns count from 0, columns in UTF-16 code units, ends are exclusive: as editors' APIs count.</summary>
public sealed record RecipeProblem
{
    /// <summary>One of <see cref="ErrorCodes"/>.</summary>
    public required string Code { get; init; }

    /// <summary><c>error</c>, <c>warning</c> or <c>information</c>.</summary>
    public required string Severity { get; init; }

    /// <summary>The setting, for example <c>objective.beta</c>; empty for the whole recipe.</summary>
    public required string Path { get; init; }

    /// <summary>Where.</summary>
    public required TextRange Range { get; init; }

    /// <summary>What, the values seen, and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>The page about the code, relative to the documentation.</summary>
    public required string Help { get; init; }

    /// <summary>An edit that cures it; null where a person must decide.</summary>
    public RecipeFix? Fix { get; init; }
}
