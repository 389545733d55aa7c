namespace OpdCode.Protocol;

/// <summary>One run with what lists leave out.</summary>
public sealed record RunDetail
{
    /// <summary>State and counters.</summary>
    public required Run Run { get; init; }

    /// <summary>The resolved recipe as JSON text, the run's own facts under <c>run</c>.</summary>
    public required string Recipe { get; init; }

    /// <summary>What happened, in order.</summary>
    public required IReadOnlyList<RunEventInfo> Events { get; init; }

    /// <summary>All checkpoints, oldest first.</summary>
    public required IReadOnlyList<Checkpoint> Checkpoints { get; init; }

    /// <summary>Steps with recorded rollouts, ascending.</summary>
    public required IReadOnlyList<int> RolloutSteps { get; init; }

    /// <summary>Names of all metrics that were written.</summary>
    public required IReadOnlyList<string> Metrics { get; init; }
}
