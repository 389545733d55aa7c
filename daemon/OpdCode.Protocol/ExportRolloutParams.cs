namespace OpdCode.Protocol;

/// <summary>What to export and where to.</summary>
public sealed record ExportRolloutParams : RunParams
{
    /// <summary>The optimizer step.</summary>
    public required int Step { get; init; }

    /// <summary>Position in the step, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Absolute path of the file that the user chose; its extension decides: <c>.html</c> or <c>.json</c>.</summary>
    [ClientPath]
    public required string Path { get; init; }
}
