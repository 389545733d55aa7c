using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace OpdCode.Daemon.Serving;

/// <summary>Ends the daemon when the process that uses it is gone, also when somebody else holds its end of stdin open.</summary>
internal sealed partial class ParentProcess(IHostApplicationLifetime lifetime, ILogger<ParentProcess> log)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Watches a process; ends the daemon at once when it is gone already.</summary>
    /// <param name="processId">Its id.</param>
    public void Watch(int processId) => _ = Wait(processId);

    private async Task Wait(int processId)
    {
        while (IsAlive(processId) && !lifetime.ApplicationStopping.IsCancellationRequested) await Task.Delay(s_pause);
        if (!lifetime.ApplicationStopping.IsCancellationRequested) LogGone(processId);
        lifetime.StopApplication();
    }

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return true; // it is there and may not be asked
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The client's process {ProcessId} is gone.")]
    private partial void LogGone(int processId);
}
