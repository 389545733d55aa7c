namespace OpdCode.Protocol;

/// <summary>Saved weights of a run.</summary>
public sealed record Checkpoint
{
    /// <summary>The optimizer step it was saved after.</summary>
    public required int Step { get; init; }

    /// <summary>Absolute path of the folder.</summary>
    public required string Folder { get; init; }

    /// <summary>When, in UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Bytes it takes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Held-out accuracy at its step, 0 to 1; null when not evaluated.</summary>
    public double? Accuracy { get; init; }

    /// <summary>True for the one that resuming would take.</summary>
    public required bool Latest { get; init; }

    /// <summary>True for the one of the highest accuracy.</summary>
    public required bool Best { get; init; }

    /// <summary>True when the student was trained as an adapter.</summary>
    public required bool HasAdapter { get; init; }
}
