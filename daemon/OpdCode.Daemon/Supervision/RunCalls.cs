using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Reports;
using OpdCode.Daemon.Scoring;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>Runs and their checkpoints, on the wire.</summary>
internal sealed class RunCalls(RunsHost host, Scorer scorer, IDaemonClient client) : IRunCalls
{
    /// <inheritdoc />
    public async Task<Run> StartRun(StartRunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Start(parameters, cancel);

    /// <inheritdoc />
    public async Task<RunList> ListRuns(ListRunsParams parameters, CancellationToken cancel) => (await host.Supervisor(cancel)).Catalogue.List(parameters);

    /// <inheritdoc />
    public async Task<RunDetail> GetRun(RunParams parameters, CancellationToken cancel)
    {
        RunCatalogue catalogue = (await host.Supervisor(cancel)).Catalogue;
        catalogue.Require(parameters.RunId);
        catalogue.Refresh(parameters.RunId);
        return RunDetails.Of(catalogue.Require(parameters.RunId).Run);
    }

    /// <inheritdoc />
    public async Task<Run> PauseRun(RunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Pause(parameters.RunId, cancel);

    /// <inheritdoc />
    public async Task<Run> ResumeRun(RunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Resume(parameters.RunId, cancel);

    /// <inheritdoc />
    public async Task<Run> StopAndSaveRun(RunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).StopAndSave(parameters.RunId, cancel);

    /// <inheritdoc />
    public async Task<Run> AbortRun(RunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Abort(parameters.RunId, cancel);

    /// <inheritdoc />
    public async Task<DeletedRun> DeleteRun(RunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Delete(parameters.RunId, cancel);

    /// <inheritdoc />
    public async Task<Run> RerunRun(RunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Rerun(parameters.RunId, cancel);

    /// <inheritdoc />
    public async Task<RunComparison> CompareRuns(CompareRunsParams parameters, CancellationToken cancel)
    {
        RunCatalogue catalogue = (await host.Supervisor(cancel)).Catalogue;
        return RunComparer.Compare([.. parameters.RunIds.Select(id => catalogue.Require(id).Run)], parameters.OnlyDifferences);
    }

    /// <inheritdoc />
    public async Task<Run> AnnotateRun(AnnotateRunParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Annotate(parameters, cancel);

    /// <inheritdoc />
    public async Task<RunList> MoveInQueue(MoveInQueueParams parameters, CancellationToken cancel) => await (await host.Steering(cancel)).Move(parameters.RunId, parameters.Position, cancel);

    /// <inheritdoc />
    public async Task<RunList> RebuildRuns(EmptyParams parameters, CancellationToken cancel)
    {
        RunCatalogue catalogue = (await host.Supervisor(cancel)).Catalogue;
        await catalogue.Rebuild(cancel);
        return catalogue.List(new ListRunsParams());
    }

    /// <inheritdoc />
    public async Task<CheckpointScore> EvaluateCheckpoint(CheckpointParams parameters, CancellationToken cancel)
    {
        RunSupervisor supervisor = await host.Supervisor(cancel);
        Run run = supervisor.Catalogue.Require(parameters.RunId).Run;
        CheckpointList.PathOf(run.Folder, parameters.Step);
        CheckpointScore score = await scorer.Evaluate(run.Folder, parameters.Step, Report(parameters.ProgressToken), cancel);
        Work.EventFile.AppendLine(run.Folder, Work.RunFiles.Evaluations, score);
        supervisor.Catalogue.Refresh(run.Id);
        supervisor.Catalogue.Mention(run.Id);
        return score;
    }

    /// <inheritdoc />
    public async Task<WrittenFile> ExportCheckpoint(ExportCheckpointParams parameters, CancellationToken cancel)
    {
        Run run = (await host.Supervisor(cancel)).Catalogue.Require(parameters.RunId).Run;
        string checkpoint = CheckpointList.PathOf(run.Folder, parameters.Step);
        return await CheckpointExport.Write(checkpoint, parameters.Kind, parameters.Folder, Report(parameters.ProgressToken), cancel);
    }

    /// <inheritdoc />
    public async Task<WrittenFile> WriteReport(RunParams parameters, CancellationToken cancel)
    {
        Run run = (await host.Supervisor(cancel)).Catalogue.Require(parameters.RunId).Run;
        return new WrittenFile(await Task.Run(() => RunReport.Write(run.Folder).Path, cancel));
    }

    private Action<string, double?> Report(string? token) => token is null ? (_, _) => { } : (message, fraction) => _ = client.Progress(new Progress(token, message, fraction));
}
