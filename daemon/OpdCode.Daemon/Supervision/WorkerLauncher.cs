using System.Diagnostics;
using System.Text;
using OpdCode.Daemon.Work;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Supervision;

/// <summary>Starts worker processes that outlive this one and hold none of its pipes.</summary>
/// <param name="program">The executable.</param>
/// <param name="leading">Arguments before the command, for a host that runs a library.</param>
internal sealed class WorkerLauncher(string program, IReadOnlyList<string> leading)
{
    /// <summary>Starts the program that this process runs.</summary>
    public static WorkerLauncher OfThisProgram()
    {
        string path = Environment.ProcessPath!;
        bool isHost = Path.GetFileNameWithoutExtension(path) == "dotnet";
        return new WorkerLauncher(path, isHost ? [Path.Combine(AppContext.BaseDirectory, "opdcode.dll")] : []);
    }

    /// <summary>Starts the worker of a run.</summary>
    /// <param name="folder">The run folder, which also becomes what the worker's early output is written to.</param>
    /// <exception cref="OpdException">OPD3007: the system does not start it.</exception>
    public Process StartWorker(string folder)
    {
        Process process = Start("work", folder);
        // The worker takes its own output away at once. What comes before that is the runtime's, when it cannot start.
        process.ErrorDataReceived += (_, line) => Keep(folder, line.Data);
        process.OutputDataReceived += (_, line) => Keep(folder, line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Starts a command with pipes for all of its streams.</summary>
    /// <exception cref="OpdException">OPD3007: the system does not start it.</exception>
    public Process Start(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, CreateNoWindow = true,
            StandardErrorEncoding = Encoding.UTF8, StandardOutputEncoding = Encoding.UTF8,
        };
        // Ctrl+C in the daemon's console is not meant for its workers. (Elsewhere the worker leaves the session itself.)
        if (OperatingSystem.IsWindows()) start.CreateNewProcessGroup = true;
        foreach (string argument in leading.Concat(arguments)) start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            throw new OpdException(ErrorCodes.WorkerLost, $"{program} cannot be started: {failure.Message} Check that OpdCode is installed completely, and that memory and processes are not used up.", failure);
        }
    }

    private static void Keep(string folder, string? line)
    {
        if (line is null) return;
        try
        {
            using var log = new FileStream(Path.Combine(folder, RunFiles.Log), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            log.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A folder that takes no log takes no run either, which the worker tells.
        }
    }
}
