namespace OpdCode.Protocol;

/// <summary>One run.</summary>
public record RunParams
{
    /// <summary>The run's id: the name of its folder.</summary>
    public required string RunId { get; init; }

    /// <summary>Where to report progress; null: nowhere.</summary>
    public string? ProgressToken { get; init; }
}
