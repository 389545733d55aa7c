namespace OpdCode.Protocol;

/// <summary>A new place for a queued run.</summary>
public sealed record MoveInQueueParams : RunParams
{
    /// <summary>Position from 1; 0 takes the run out of the queue.</summary>
    public required int Position { get; init; }
}
