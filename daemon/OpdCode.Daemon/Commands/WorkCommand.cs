using System.CommandLine;
using System.Runtime.InteropServices;
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
            return new RunWork(folder, log, TimeProvider.System).Run(control);
        }
        catch (OpdException refused)
        {
            await log.WriteLineAsync($"{refused.Code} {refused.Message}");
            return 1;
        }
    }

    private static void Stop(PosixSignalContext signal, RunControl control)
    {
        signal.Cancel = true;
        if (RunLife.Next(control.Now.State, RunInput.AskStop) is not null) control.Apply(RunInput.AskStop);
    }
}
