namespace OpdCode.Protocol;

/// <summary>One checkpoint of a run.</summary>
public record CheckpointParams : RunParams
{
    /// <summary>Its step.</summary>
    public required int Step { get; init; }
}
