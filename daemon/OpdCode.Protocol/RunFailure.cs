namespace OpdCode.Protocol;

/// <summary>What became of a run that did not end as planned.</summary>
public sealed record RunFailure
{
    /// <summary>One of <see cref="ErrorCodes"/>.</summary>
    public required string Code { get; init; }

    /// <summary>What happened and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>Exit code of the worker; null when not known.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended it, for example SIGKILL; null without one.</summary>
    public string? Signal { get; init; }

    /// <summary>True when the system ended it for lack of memory, as far as that can be known.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>The last lines of its log: forty of a run's detail, five of a list's, and those not in full length.</summary>
    public required IReadOnlyList<string> LogTail { get; init; }

    /// <summary>Step of the last good checkpoint; null without one.</summary>
    public int? Checkpoint { get; init; }
}
