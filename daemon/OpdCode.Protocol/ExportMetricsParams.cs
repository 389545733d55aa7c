namespace OpdCode.Protocol;

/// <summary>Where to write the metrics of a run.</summary>
public sealed record ExportMetricsParams : RunParams
{
    /// <summary>Absolute path of the file that the user chose.</summary>
    [ClientPath]
    public required string Path { get; init; }
}
