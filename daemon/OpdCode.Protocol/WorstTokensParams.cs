namespace OpdCode.Protocol;

/// <summary>Where to look for tokens that stand out.</summary>
public sealed record WorstTokensParams : RunParams
{
    /// <summary>Only this step; null: all recorded steps.</summary>
    public int? Step { get; init; }

    /// <summary>A token column, for example <c>logRatio</c>.</summary>
    public string Column { get; init; } = "logRatio";

    /// <summary>How many, 1 to 1,000.</summary>
    public int Count { get; init; } = 50;
}
