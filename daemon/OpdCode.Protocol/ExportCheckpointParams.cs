namespace OpdCode.Protocol;

/// <summary>What to copy and where to.</summary>
public sealed record ExportCheckpointParams : CheckpointParams
{
    /// <summary><c>merged</c>: a model folder that works everywhere; <c>adapter</c>: the low-rank adapter alone.</summary>
    public string Kind { get; init; } = "merged";

    /// <summary>Absolute path of the folder that the user chose; it must not exist or be empty.</summary>
    [ClientPath]
    public required string Folder { get; init; }
}
