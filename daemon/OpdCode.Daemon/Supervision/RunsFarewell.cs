using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpdCode.Daemon.Scoring;
using OpdCode.Daemon.Serving;

namespace OpdCode.Daemon.Supervision;

/// <summary>What becomes of runs and loaded models when the client goes. Workers are asked, not waited for.</summary>
internal sealed partial class RunsFarewell(RunsHost runs, Scorer scorer, Session session, ILogger<RunsFarewell> log) : IHostedService
{
    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken)
    {
        runs.Trouble = LogTrouble;
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (session is { IsInitialized: true, StopsRunsOnClose: true }) await runs.StopOwn(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            LogLate();
        }
        await scorer.Close();
        await runs.Close();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The runs folder cannot be watched for the moment.")]
    private partial void LogTrouble(Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Not every run could be asked to save and end; those that were not go on.")]
    private partial void LogLate();
}
