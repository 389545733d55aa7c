using System.Diagnostics;
using System.Text.Json;
using OpdCode.Daemon.Supervision;
using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Bench.Waiting;

/// <summary><c>opdcode serve</c> in a process of its own, called as an editor calls it.</summary>
internal sealed class ServedDaemon : IDisposable
{
    private readonly Process _process;
    private readonly JsonRpc _rpc;

    private ServedDaemon(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = ProtocolJson.Create() };
        _rpc = new JsonRpc(new HeaderDelimitedMessageHandler(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, formatter));
        _rpc.StartListening();
    }

    /// <summary>Starts one.</summary>
    /// <param name="scene">Its workspace.</param>
    /// <param name="milliseconds">From the start of the process to the answer to initialize.</param>
    public static ServedDaemon Start(DaemonScene scene, out double milliseconds)
    {
        long started = Stopwatch.GetTimestamp();
        var daemon = new ServedDaemon(WorkerLauncher.OfThisProgram().Start("serve"));
        daemon.Call("initialize", new InitializeParams { ProtocolVersion = ProtocolVersion.Current, Client = "bench", WorkspaceFolders = [scene.Folder], RunsDirectory = scene.Runs }).GetAwaiter().GetResult();
        milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return daemon;
    }

    /// <summary>Makes a call.</summary>
    public Task<JsonElement> Call(string method, object parameters) => _rpc.InvokeWithParameterObjectAsync<JsonElement>(method, parameters);

    /// <summary>Makes a call and gives the milliseconds to the end of its answer.</summary>
    public async Task<double> Time(string method, object parameters)
    {
        long started = Stopwatch.GetTimestamp();
        await Call(method, parameters);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <summary>Closes its stdin and gives the milliseconds until it is gone.</summary>
    public async Task<double> Close()
    {
        long closed = Stopwatch.GetTimestamp();
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        return Stopwatch.GetElapsedTime(closed).TotalMilliseconds;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _rpc.Dispose();
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
