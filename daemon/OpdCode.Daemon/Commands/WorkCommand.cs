using System.CommandLine;
using System.Runtime.InteropServices;
using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Supervision;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Commands;

/// <summary><c>opdcode work FOLDER</c>: the process that computes one run. Started by the daemon; nobody types it.</summary>
public static class WorkCommand
{
    /// <summary>The command with its arguments and its action.</summary>
    public static Command Create()
    {
        Argument<string> folder = new("FOLDER") { Description = "The run folder, made by the daemon." };
        Command command = new("work", "Compute the run of a run folder in this process.") { folder };
        command.Hidden = true;
        command.SetAction((parsed, _) => Work(Path.GetFullPath(parsed.GetRequiredValue(folder)), parsed.InvocationConfiguration.Error));
        return command;
    }

    private static async Task<int> Work(string folder, TextWriter error)
    {
        if (!Directory.Exists(folder))
        {
            await error.WriteLineAsync($"{ErrorCodes.FileNotFound} There is no folder {folder}.");
            return 1;
        }
        using TextWriter log = WorkerStreams.Take(Path.Combine(folder, RunFiles.Log));
        using var control = new RunControl();
        // The system shuts down, or somebody ends the worker politely: it saves first.
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, control));
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, control));
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);
        try
        {
            int code = new RunWork(folder, log, TimeProvider.System).Run(control);
            // Who stopped or aborted this run decides what comes next; after one that came to its own end the queue goes on, daemon or none.
            if (control.Now.State is RunState.Completed or RunState.Failed) await StartNext(Path.GetDirectoryName(folder)!);
            return code;
        }
        catch (OpdException refused)
        {
            await log.WriteLineAsync($"{refused.Code} {refused.Message}");
            return 1;
        }
    }

    private static async Task StartNext(string runs)
    {
        await using var supervisor = new RunSupervisor(new RunsFolder(runs), WorkerLauncher.OfThisProgram(), TimeProvider.System, _ => Task.CompletedTask);
        if (supervisor.Queue.Read().Count == 0) return;
        await supervisor.Open(CancellationToken.None);
        await supervisor.Settle(Environment.ProcessorCount, CancellationToken.None); // what computes beside this run, and on which device
        await supervisor.StartQueued(CancellationToken.None);
    }

    private static void Stop(PosixSignalContext signal, RunControl control)
    {
        signal.Cancel = true;
        if (RunLife.Next(control.Now.State, RunInput.AskStop) is not null) control.Apply(RunInput.AskStop);
    }
}
