namespace OpdCode.Protocol;

/// <summary>Which runs, in which order.</summary>
public sealed record ListRunsParams
{
    /// <summary>Words that name, recipe, method or note contain, all of them; null: any.</summary>
    public string? Search { get; init; }

    /// <summary>Only these states; null: any.</summary>
    public IReadOnlyList<RunState>? States { get; init; }

    /// <summary>Only starred ones.</summary>
    public bool StarredOnly { get; init; }

    /// <summary>Archived ones as well.</summary>
    public bool IncludeArchived { get; init; }

    /// <summary><c>created</c>, <c>name</c>, <c>state</c>, <c>step</c> or <c>metric:NAME</c>.</summary>
    public string Sort { get; init; } = "created";

    /// <summary>Largest first.</summary>
    public bool Descending { get; init; } = true;

    /// <summary>How many to leave out at the front, ≥ 0.</summary>
    public int Offset { get; init; }

    /// <summary>How many at most, 1 to 10,000.</summary>
    public int Limit { get; init; } = 200;
}
