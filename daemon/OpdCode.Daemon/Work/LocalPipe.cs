using System.IO.Pipes;
using System.Security.Cryptography;
using System.Text;
using OpdCode.Distillation.Runs;
using StreamJsonRpc;

namespace OpdCode.Daemon.Work;

/// <summary>Local pipes that only the user can open, and JSON-RPC over them.</summary>
internal static class LocalPipe
{
    // A Unix socket's path has 104 bytes on macOS, 108 on Linux, the last a zero.
    private const int LongestPath = 100;

    /// <summary>The name of the pipe of a folder: the same on every call, short whatever the folder's path.</summary>
    public static string NameFor(string folder)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(folder))))[..20];
        string name = $"opdcode-{hash}";
        if (OperatingSystem.IsWindows()) return name;
        // A full path: two processes need not agree on the folder for temporary files.
        string path = Path.Combine(Path.GetTempPath(), name);
        return Encoding.UTF8.GetByteCount(path) <= LongestPath ? path : $"/tmp/{name}";
    }

    /// <summary>Waits for one who opens the pipe.</summary>
    public static async Task<Stream> Accept(string name, CancellationToken cancel)
    {
        var pipe = new NamedPipeServerStream(name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances, PipeTransmissionMode.Byte,
            PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        try
        {
            await pipe.WaitForConnectionAsync(cancel);
            return pipe;
        }
        catch
        {
            await pipe.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the pipe.</summary>
    /// <exception cref="TimeoutException">Nobody listens.</exception>
    public static async Task<Stream> Open(string name, TimeSpan patience, CancellationToken cancel)
    {
        var pipe = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        try
        {
            await pipe.ConnectAsync(patience, cancel);
            return pipe;
        }
        catch
        {
            await pipe.DisposeAsync();
            throw;
        }
    }

    /// <summary>JSON-RPC as all pipes speak it; not yet listening.</summary>
    public static JsonRpc Speak(Stream stream)
    {
        var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = new(RunJson.Options) };
        return new JsonRpc(new HeaderDelimitedMessageHandler(stream, stream, formatter));
    }
}
