using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;

namespace OpdCode.Daemon.Commands;

/// <summary>The supervisor of a runs folder for the time of one command. Daemons may be at work on the same folder.</summary>
internal sealed record RunsDesk(RunSupervisor Supervisor, RunSteering Steering)
{
    /// <summary>Does something with the runs of a folder; what died unnoticed is told first.</summary>
    public static T Use<T>(string folder, Func<RunsDesk, Task<T>> work, CancellationToken cancel) => Task.Run(async () =>
    {
        await using var supervisor = new RunSupervisor(new RunsFolder(folder), WorkerLauncher.OfThisProgram(), TimeProvider.System, _ => Task.CompletedTask);
        await supervisor.Open(cancel);
        await supervisor.Settle(Environment.ProcessorCount, cancel);
        return await work(new RunsDesk(supervisor, new RunSteering(supervisor, TimeProvider.System)));
    }, cancel).GetAwaiter().GetResult(); // the command line is synchronous, and here is its edge
}
