namespace OpdCode.Distillation.Runs;

/// <summary>One line of <c>events.jsonl</c>: something that happened to the run, in order.</summary>
public sealed record RunEvent
{
    /// <summary>When, in UTC.</summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>
    /// The life of the run: <c>started</c>, <c>resumed</c>, <c>paused</c>, <c>stopped</c>, <c>finished</c>, <c>failed</c>; on the
    /// way: <c>evaluated</c>, <c>checkpoint</c>, <c>warning</c>, <c>damaged</c> (a checkpoint that was not used). Readers ignore what they do not know.
    /// </summary>
    public required string Event { get; init; }

    /// <summary>The last optimizer step done; 0 before the first. Of <c>resumed</c>: the step that the run goes on from.</summary>
    public int Step { get; init; }

    /// <summary>The stable code of a failure, for example OPD3001; null where nothing failed, or nobody foresaw it.</summary>
    public string? Code { get; init; }

    /// <summary>For people: the reason of a failure, the folder of a checkpoint.</summary>
    public string? Message { get; init; }
}
