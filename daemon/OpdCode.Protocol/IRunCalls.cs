namespace OpdCode.Protocol;

/// <summary>Runs and their checkpoints: start, steer, list, tidy.</summary>
public interface IRunCalls
{
    /// <summary>Starts a run, or queues it when the device is taken.</summary>
    [RpcMethod("runs/start", StartsWork = true)]
    Task<Run> StartRun(StartRunParams parameters, CancellationToken cancel);

    /// <summary>Runs by filter and order, a page at a time.</summary>
    [RpcMethod("runs/list")]
    Task<RunList> ListRuns(ListRunsParams parameters, CancellationToken cancel);

    /// <summary>One run with its events, checkpoints and recipe.</summary>
    [RpcMethod("runs/get")]
    Task<RunDetail> GetRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Finishes the step, writes a checkpoint and holds; memory stays taken.</summary>
    [RpcMethod("runs/pause")]
    Task<Run> PauseRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Goes on from a pause, or from the last checkpoint of a run that ended before its last step.</summary>
    [RpcMethod("runs/resume", StartsWork = true)]
    Task<Run> ResumeRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Finishes the step, writes a checkpoint and ends; the run can be resumed.</summary>
    [RpcMethod("runs/stopAndSave")]
    Task<Run> StopAndSaveRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Ends at once; what was done since the last checkpoint is lost.</summary>
    [RpcMethod("runs/abort")]
    Task<Run> AbortRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Moves the folder of a run that is not active into the runs folder's trash.</summary>
    [RpcMethod("runs/delete")]
    Task<DeletedRun> DeleteRun(RunParams parameters, CancellationToken cancel);

    /// <summary>Starts a new run from a run's resolved recipe.</summary>
    [RpcMethod("runs/rerun", StartsWork = true)]
    Task<Run> RerunRun(RunParams parameters, CancellationToken cancel);

    /// <summary>What differs between runs: settings and last metrics.</summary>
    [RpcMethod("runs/compare")]
    Task<RunComparison> CompareRuns(CompareRunsParams parameters, CancellationToken cancel);

    /// <summary>Changes what people attach to a run: star, note, archived.</summary>
    [RpcMethod("runs/annotate")]
    Task<Run> AnnotateRun(AnnotateRunParams parameters, CancellationToken cancel);

    /// <summary>Moves a queued run.</summary>
    [RpcMethod("runs/moveInQueue")]
    Task<RunList> MoveInQueue(MoveInQueueParams parameters, CancellationToken cancel);

    /// <summary>Reads the run folders again, and makes the catalogue of them anew.</summary>
    [RpcMethod("runs/rebuild")]
    Task<RunList> RebuildRuns(EmptyParams parameters, CancellationToken cancel);

    /// <summary>Evaluates a checkpoint with the evaluation of its run's recipe.</summary>
    [RpcMethod("checkpoints/evaluate", StartsWork = true)]
    Task<CheckpointScore> EvaluateCheckpoint(CheckpointParams parameters, CancellationToken cancel);

    /// <summary>Copies a checkpoint as a model folder (adapters merged) or as an adapter folder.</summary>
    [RpcMethod("checkpoints/export", StartsWork = true)]
    Task<WrittenFile> ExportCheckpoint(ExportCheckpointParams parameters, CancellationToken cancel);

    /// <summary>Writes a run's report page.</summary>
    [RpcMethod("report/write")]
    Task<WrittenFile> WriteReport(RunParams parameters, CancellationToken cancel);
}
