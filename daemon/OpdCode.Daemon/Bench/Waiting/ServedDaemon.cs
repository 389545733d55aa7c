using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OpdCode.Daemon.Supervision;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Bench.Waiting;

/// <summary><c>opdcode serve</c> in a process of its own. Times end with the last byte of an answer: how long a client takes to understand it is not the daemon's.</summary>
internal sealed class ServedDaemon : IDisposable
{
    private readonly Process _process;
    private readonly Stream _answers;
    private byte[] _body = new byte[1 << 20];
    private int _id;

    private ServedDaemon(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        _answers = new BufferedStream(process.StandardOutput.BaseStream, 1 << 16);
    }

    /// <summary>Starts one.</summary>
    /// <param name="scene">Its workspace.</param>
    /// <param name="milliseconds">From the start of the process to the answer to initialize.</param>
    public static ServedDaemon Start(DaemonScene scene, out double milliseconds)
    {
        long started = Stopwatch.GetTimestamp();
        var daemon = new ServedDaemon(WorkerLauncher.OfThisProgram().Start("serve"));
        daemon.Call("initialize", new InitializeParams { ProtocolVersion = ProtocolVersion.Current, Client = "bench", WorkspaceFolders = [scene.Folder], RunsDirectory = scene.Runs });
        milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        return daemon;
    }

    /// <summary>Makes a call and gives the milliseconds from its first byte to the last one of its answer.</summary>
    /// <exception cref="InvalidOperationException">It was answered with an error.</exception>
    public double Call(string method, object parameters)
    {
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(new { jsonrpc = "2.0", id = ++_id, method, @params = parameters }, ProtocolJson.Options);
        byte[] frame = [.. Encoding.ASCII.GetBytes($"Content-Length: {message.Length}\r\n\r\n"), .. message];
        long started = Stopwatch.GetTimestamp();
        _process.StandardInput.BaseStream.Write(frame);
        _process.StandardInput.BaseStream.Flush();
        int length;
        do length = Read();
        while (_body.AsSpan(0, Math.Min(length, 64)).IndexOf("\"method\":"u8) >= 0); // what it tells by itself
        double milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        if (_body.AsSpan(0, Math.Min(length, 64)).IndexOf("\"result\":"u8) < 0) throw new InvalidOperationException($"{method}: {Encoding.UTF8.GetString(_body, 0, Math.Min(length, 1000))}");
        return milliseconds;
    }

    private int Read()
    {
        var header = new StringBuilder();
        while (header.Length < 4 || header[^1] != '\n' || header[^3] != '\n')
        {
            int next = _answers.ReadByte();
            if (next < 0) throw new InvalidOperationException("The daemon closed the connection.");
            header.Append((char)next);
        }
        int length = int.Parse(header.ToString().AsSpan("Content-Length:".Length).Trim(), CultureInfo.InvariantCulture);
        if (_body.Length < length) _body = new byte[length];
        _answers.ReadExactly(_body, 0, length);
        return length;
    }

    /// <summary>Closes its stdin and gives the milliseconds until it is gone.</summary>
    public double Close()
    {
        long closed = Stopwatch.GetTimestamp();
        _process.StandardInput.Close();
        _process.WaitForExit();
        return Stopwatch.GetElapsedTime(closed).TotalMilliseconds;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _answers.Dispose();
        _process.Dispose();
    }
}
