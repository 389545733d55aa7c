using System.Diagnostics;
using System.Text;

namespace OpdCode.Daemon.Tests.Serving;

/// <summary><c>opdcode serve</c> in a process of its own.</summary>
internal sealed class ServeProcess : IDisposable
{
    private readonly StringBuilder _log = new();

    public ServeProcess(params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "opdcode.dll"), "serve", .. args]) start.ArgumentList.Add(argument);
        Started = Stopwatch.GetTimestamp();
        Process = Process.Start(start)!;
        Process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null) lock (_log) _log.AppendLine(line.Data);
        };
        Process.BeginErrorReadLine();
        Client = new RpcTestClient(Process.StandardInput.BaseStream, Process.StandardOutput.BaseStream);
    }

    public long Started { get; }

    public Process Process { get; }

    public RpcTestClient Client { get; }

    public string[] Log
    {
        get
        {
            lock (_log) return _log.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        }
    }

    /// <summary>Closes stdin and gives the time until the process is gone.</summary>
    public async Task<TimeSpan> Close()
    {
        long closed = Stopwatch.GetTimestamp();
        Process.StandardInput.Close();
        await Process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return Stopwatch.GetElapsedTime(closed);
    }

    public void Dispose()
    {
        if (!Process.HasExited) Process.Kill(entireProcessTree: true);
        Process.Dispose();
    }
}
