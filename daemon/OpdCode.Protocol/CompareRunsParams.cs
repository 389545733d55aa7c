namespace OpdCode.Protocol;

/// <summary>Which runs to compare.</summary>
public sealed record CompareRunsParams
{
    /// <summary>Two or more; the first is the baseline.</summary>
    public required IReadOnlyList<string> RunIds { get; init; }

    /// <summary>Leave out settings that are the same in all.</summary>
    public bool OnlyDifferences { get; init; } = true;
}
