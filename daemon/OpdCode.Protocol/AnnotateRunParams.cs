namespace OpdCode.Protocol;

/// <summary>What to attach to a run; null leaves a thing as it is.</summary>
public sealed record AnnotateRunParams : RunParams
{
    /// <summary>Star it, or not.</summary>
    public bool? Starred { get; init; }

    /// <summary>Put it away, or bring it back.</summary>
    public bool? Archived { get; init; }

    /// <summary>The note; empty removes it.</summary>
    public string? Note { get; init; }

    /// <summary>The name to show.</summary>
    public string? Name { get; init; }
}
