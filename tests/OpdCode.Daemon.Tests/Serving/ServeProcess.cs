using System.Diagnostics;
using System.Text;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Serving;

/// <summary><c>opdcode serve</c> in a process of its own.</summary>
internal sealed class ServeProcess : IDisposable
{
    private readonly StringBuilder _log = new();

    public ServeProcess(params string[] args) : this(new Dictionary<string, string>(), args)
    {
    }

    /// <summary>With variables that only this process and what it starts see.</summary>
    public ServeProcess(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "opdcode.dll"), "serve", .. args]) start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        Process = Process.Start(start)!;
        Process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is not null) lock (_log) _log.AppendLine(line.Data);
        };
        Process.BeginErrorReadLine();
        Client = new RpcTestClient(Process.StandardInput.BaseStream, Process.StandardOutput.BaseStream);
    }

    public Process Process { get; }

    public RpcTestClient Client { get; }

    public string[] Log
    {
        get
        {
            lock (_log) return _log.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        }
    }

    /// <summary>Waits until a run is as asked for.</summary>
    public async Task<Run> Until(string id, Func<Run, bool> reached)
    {
        for (long started = Stopwatch.GetTimestamp(); ;)
        {
            Run run = (await Client.Result<RunDetail>("runs/get", new RunParams { RunId = id })).Run;
            if (reached(run)) return run;
            if (Stopwatch.GetElapsedTime(started) > Patience.Limit) Assert.Fail($"{id} is {run.State} at step {run.Step}: {run.Failure?.Message}\n{string.Join('\n', Log)}");
            await Task.Delay(40);
        }
    }

    /// <summary>Closes stdin and gives the time until the process is gone.</summary>
    public async Task<TimeSpan> Close()
    {
        long closed = Stopwatch.GetTimestamp();
        Process.StandardInput.Close();
        await Process.WaitForExitAsync().WaitAsync(Patience.Limit);
        return Stopwatch.GetElapsedTime(closed);
    }

    public void Dispose()
    {
        if (!Process.HasExited) Process.Kill(entireProcessTree: true);
        Process.Dispose();
    }
}
