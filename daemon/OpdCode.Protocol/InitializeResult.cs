namespace OpdCode.Protocol;

/// <summary>Who answers.</summary>
public sealed record InitializeResult
{
    /// <summary>What the daemon speaks, <c>major.minor</c>.</summary>
    public required string ProtocolVersion { get; init; }

    /// <summary>Version of OpdCode.</summary>
    public required string DaemonVersion { get; init; }

    /// <summary>Absolute path of the folder that holds the run folders.</summary>
    public required string RunsDirectory { get; init; }

    /// <summary>Process id of the daemon.</summary>
    public required int ProcessId { get; init; }
}
