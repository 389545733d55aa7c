using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OpdCode.Daemon.Tests.Runs;

/// <summary>What a terminal sends to the process in it.</summary>
internal static partial class Interruption
{
    private const uint CtrlBreak = 1;

    /// <summary>Sends a signal by its name, or Ctrl+Break to the process group that a process leads.</summary>
    public static async Task Send(Process process, string signal)
    {
        if (OperatingSystem.IsWindows())
        {
            if (!GenerateConsoleCtrlEvent(CtrlBreak, (uint)process.Id) && !process.HasExited) throw new Win32Exception();
            return;
        }
        using Process kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", $"{process.Id}"]) { RedirectStandardError = true })!; // it may have ended
        await kill.WaitForExitAsync();
    }

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GenerateConsoleCtrlEvent(uint control, uint processGroup);
}
