using System.Text.Json;
using System.Text.Json.Serialization;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Bench;

/// <summary>What <c>opdcode bench --json</c> prints and <c>--compare</c> reads.</summary>
/// <param name="Machine">The machine and its rates.</param>
/// <param name="Results">One per case.</param>
internal sealed record BenchReport(BenchMachine Machine, IReadOnlyList<BenchResult> Results)
{
    /// <summary>Changes against the report given to <c>--compare</c>; absent without one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<BenchChange>? Changes { get; init; }

    /// <summary>The loss benchmark's own figures, in seconds and bytes; absent in other benchmarks.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<LossCase>? Cases { get; init; }

    /// <summary>Reads a report that <c>--json</c> printed earlier.</summary>
    /// <exception cref="OpdException">OPD1002 when there is no such file or it holds no report.</exception>
    public static BenchReport Read(string path)
    {
        if (!File.Exists(path)) throw new OpdException(ErrorCodes.FileNotFound, $"The file {path} does not exist. Give a file that 'opdcode bench --json' wrote.");
        try
        {
            BenchReport? report = JsonSerializer.Deserialize<BenchReport>(File.ReadAllText(path), RunJson.Options);
            if (report is { Results: not null, Machine: not null }) return report;
        }
        catch (JsonException)
        {
            // Said below, in the same words as for a file of other JSON.
        }
        throw new OpdException(ErrorCodes.FileNotFound, $"The file {path} is not a report of 'opdcode bench --json': it has no \"machine\" and \"results\".");
    }
}
