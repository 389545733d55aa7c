using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>What lists leave out of a run.</summary>
internal static class RunDetails
{
    // Events are for reading; a run of a year would have more than anybody reads.
    private const int MostEvents = 10_000;

    /// <summary>Reads a run's folder.</summary>
    /// <exception cref="OpdException">OPD3003: a file of it is damaged.</exception>
    public static RunDetail Of(Run run)
    {
        bool hasBegun = File.Exists(Path.Combine(run.Folder, "recipe.json")) || File.Exists(Path.Combine(run.Folder, "events.jsonl"));
        RunReader? reader = hasBegun ? RunReader.Open(run.Folder) : null; // one that is queued has nothing to read yet
        return new RunDetail
        {
            Run = run.Failure is { } failure ? run with { Failure = failure with { LogTail = SmallFile.Read<RunFailure>(Path.Combine(run.Folder, RunFiles.Failure))?.LogTail ?? LogTail.Of(run.Folder) } } : run,
            Recipe = reader?.ReadRecipe()?.GetRawText() ?? RecordedRecipe.Asked(run.Folder),
            Events = reader is null ? [] : [.. reader.ReadEvents().TakeLast(MostEvents).Select(e => new RunEventInfo(e.Time, e.Event, e.Step, e.Message))],
            Checkpoints = CheckpointList.Read(run.Folder, new RunFolderReader(run.Folder).Accuracies()),
            RolloutSteps = reader?.RolloutSteps() ?? [],
            Metrics = [.. run.Latest.Keys.Order(StringComparer.Ordinal)],
        };
    }
}
