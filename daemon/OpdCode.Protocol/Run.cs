namespace OpdCode.Protocol;

/// <summary>A run as lists show it: state and counters.</summary>
public sealed record Run
{
    /// <summary>The name of its folder, unique under the runs folder.</summary>
    public required string Id { get; init; }

    /// <summary>Absolute path of its folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Name that people gave it, or the recipe's.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path of the recipe it was started from; null when not known.</summary>
    public string? RecipePath { get; init; }

    /// <summary>The method that the recipe names; null without one.</summary>
    public string? Method { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required RunState State { get; init; }

    /// <summary>Optimizer steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Optimizer steps to do.</summary>
    public required int Steps { get; init; }

    /// <summary>When it was asked for, in UTC.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it started to compute, in UTC; null while queued.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended, in UTC; null while active.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>Seconds that it has still to go, from the steps made; null when not known.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>The newest value of every metric by name; labels come with <c>metrics/get</c>.</summary>
    public required IReadOnlyDictionary<string, double> Latest { get; init; }

    /// <summary>Accuracy before the first step; null when not evaluated.</summary>
    public double? AccuracyBefore { get; init; }

    /// <summary>Process id of its worker; null when it has none.</summary>
    public int? WorkerProcess { get; init; }

    /// <summary>Position in the queue from 1; null when not queued.</summary>
    public int? QueuePosition { get; init; }

    /// <summary>Why it ended, where that was not as planned.</summary>
    public RunFailure? Failure { get; init; }

    /// <summary>Marked by its user.</summary>
    public bool Starred { get; init; }

    /// <summary>Put away by its user.</summary>
    public bool Archived { get; init; }

    /// <summary>Its user's note; null without one.</summary>
    public string? Note { get; init; }

    /// <summary>Bytes that its folder takes; null when not measured.</summary>
    public long? FolderBytes { get; init; }

    /// <summary>True for a token dump of another engine: it was not run here and cannot be resumed.</summary>
    public bool Imported { get; init; }
}
