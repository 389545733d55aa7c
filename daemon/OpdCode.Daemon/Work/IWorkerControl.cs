namespace OpdCode.Daemon.Work;

/// <summary>What can be asked of a worker on its pipe. Each answers with the state that the asking led to.</summary>
internal interface IWorkerControl
{
    /// <summary>Finishes the step, saves and holds.</summary>
    Task<WorkerStatus> Pause(CancellationToken cancel);

    /// <summary>Goes on from a pause.</summary>
    Task<WorkerStatus> Resume(CancellationToken cancel);

    /// <summary>Finishes the step, saves and ends.</summary>
    Task<WorkerStatus> StopAndSave(CancellationToken cancel);

    /// <summary>Ends at once.</summary>
    Task<WorkerStatus> Abort(CancellationToken cancel);

    /// <summary>Where it is.</summary>
    Task<WorkerStatus> Status(CancellationToken cancel);
}
