namespace OpdCode.Distillation.Runs;

/// <summary>One line of <c>events.jsonl</c>: something that happened to the run, in order.</summary>
public sealed record RunEvent
{
    /// <summary>When, in UTC.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary><c>started</c>, <c>evaluated</c>, <c>checkpoint</c>, <c>warning</c>, <c>finished</c> or <c>failed</c>; readers ignore what they do not know.</summary>
    public required string Event { get; init; }

    /// <summary>The last optimizer step done; 0 before the first.</summary>
    public int Step { get; init; }

    /// <summary>For people: the reason of a failure, the folder of a checkpoint.</summary>
    public string? Message { get; init; }
}
