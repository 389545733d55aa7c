using OpdCode.Daemon.Catalogue;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>What is said of a worker that is gone without a word: what is known, what is likely, and which is which.</summary>
internal static class CrashReport
{
    private const int SignalBase = 128;

    /// <summary>The record.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="worker">The worker as it was last heard of.</param>
    /// <param name="exitCode">Its exit code; null when this process did not start it.</param>
    /// <param name="killsNow">What the kernel had ended by now.</param>
    public static RunFailure Of(string folder, WorkerRecord worker, int? exitCode, KernelKills killsNow)
    {
        string? signal = exitCode is > SignalBase and < SignalBase + 32 && !OperatingSystem.IsWindows() ? SignalName(exitCode.Value - SignalBase) : null;
        (bool outOfMemory, string? memory) = Memory(worker, exitCode, signal, killsNow);
        int? checkpoint = CheckpointList.Steps(folder) is [.., int last] ? last : null;
        string end = exitCode switch
        {
            null => "How it ended is not known, because it was started by a process that is gone itself",
            _ when signal is not null => $"It was ended by {signal} (exit code {exitCode})",
            0 => "It ended with exit code 0, but wrote no end of the run",
            int code => $"It ended with exit code {(OperatingSystem.IsWindows() && code < 0 ? $"0x{code:X8}{WindowsName(code)}" : $"{code}")}",
        };
        string next = checkpoint is int step
            ? $"Resume it: it goes on from the checkpoint of step {step}."
            : $"It had no checkpoint yet: resuming begins at the first step.{(worker.Step == 0 ? "" : " A smaller checkpoint.every loses less.")}";
        return new RunFailure
        {
            Code = ErrorCodes.WorkerLost,
            Message = $"The worker (process {worker.Process}) was gone {(worker.Step == 0 ? "before its first step" : $"after step {worker.Step}")} while the run was {RunLife.Word(worker.State)}. {end}. {(memory is null ? "" : memory + " ")}{next}",
            ExitCode = exitCode,
            Signal = signal,
            OutOfMemory = outOfMemory,
            LogTail = LogTail.Of(folder),
            Checkpoint = checkpoint,
        };
    }

    private static (bool, string?) Memory(WorkerRecord worker, int? exitCode, string? signal, KernelKills now)
    {
        if (OperatingSystem.IsWindows()) return exitCode == unchecked((int)0xC0000017) ? (true, "Windows had no memory left for it. Lower optimizer.microBatch or rollout.promptsPerStep, or close other programs.") : (false, null);
        bool killed = signal == "SIGKILL" || exitCode is null;
        if (!killed) return (false, null);
        const string Remedy = "Lower optimizer.microBatch or rollout.promptsPerStep, take a smaller model or an adapter, or give it more memory.";
        if (now.Group - worker.Kills?.Group > 0)
            return (true, $"The kernel ended {Processes(now.Group - worker.Kills!.Group)} of its control group for lack of memory since it started{(signal is null ? ", so that is the likely reason" : "")}. {Remedy}");
        if (now.Machine - worker.Kills?.Machine > 0)
            return (true, $"The kernel ended {Processes(now.Machine - worker.Kills!.Machine)} of this machine for lack of memory since it started, so that is the likely reason. {Remedy}");
        if (signal is null) return (false, null);
        return now.Group is not null || now.Machine is not null
            ? (false, "The kernel counts no process that it ended for lack of memory, so somebody or something else sent the signal.")
            : (true, $"Lack of memory is a likely reason, but the kernel does not tell here. {Remedy}");
    }

    private static string Processes(long? count) => count == 1 ? "a process" : $"{count} processes";

    private static string SignalName(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ when OperatingSystem.IsMacOS() && signal == 10 => "SIGBUS",
        _ when OperatingSystem.IsLinux() && signal == 7 => "SIGBUS",
        _ => $"signal {signal}",
    };

    private static string WindowsName(int code) => unchecked((uint)code) switch
    {
        0xC0000005 => ", an access violation",
        0xC00000FD => ", a stack overflow",
        0xC0000017 => ", no memory",
        0xC000013A => ", Ctrl+C or a closed console",
        0xC0000409 => ", a failed check in native code",
        0xC0000135 => ", a library that is missing",
        0xE0434352 => ", an exception that nothing caught",
        _ => "",
    };
}
