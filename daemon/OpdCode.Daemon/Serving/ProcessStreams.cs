using System.IO.Pipes;
using System.Text;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// The process's own streams, taken away from everybody but the protocol. <see cref="Take"/> must be the first thing
/// that the process does: whoever asks for stdout afterwards, managed or native, this process or one it starts, gets a
/// pipe whose lines become log lines.
/// </summary>
/// <remarks>
/// This is done below .NET, at the file descriptors (Unix) or the standard handles and the C runtime's descriptors
/// (Windows), because libtorch and the libraries below it print with the C runtime. stdin is taken for the same reason:
/// a child must not read the protocol.
/// </remarks>
internal sealed class ProcessStreams
{
    /// <summary>Streams that are not the process's, for tests.</summary>
    internal ProcessStreams(Stream fromClient, Stream toClient, Stream log, Stream stray) => (FromClient, ToClient, Log, Stray) = (fromClient, toClient, log, stray);

    /// <summary>The real stdin.</summary>
    public Stream FromClient { get; }

    /// <summary>The real stdout.</summary>
    public Stream ToClient { get; }

    /// <summary>The real stderr.</summary>
    public Stream Log { get; }

    /// <summary>What anybody printed to stdout or stderr since <see cref="Take"/>.</summary>
    public Stream Stray { get; }

    /// <summary>Takes the streams. Once per process, before anything has touched <see cref="Console"/>.</summary>
    /// <exception cref="IOException">The system refused; nothing can be served then.</exception>
    public static ProcessStreams Take()
    {
        // The pipe lives as long as the process: its other end is where stdout and stderr lead from now on.
        var stray = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.None);
        (Stream fromClient, Stream toClient, Stream log) = OperatingSystem.IsWindows()
            ? WindowsHandles.Replace(stray.ClientSafePipeHandle.DangerousGetHandle())
            : UnixDescriptors.Replace((int)stray.ClientSafePipeHandle.DangerousGetHandle());
        stray.DisposeLocalCopyOfClientHandle();
        return new ProcessStreams(fromClient, toClient, log, stray);
    }

    /// <summary>Hands every stray line on, until the process ends.</summary>
    /// <param name="write">Gets each line without its end.</param>
    public void FollowStray(Action<string> write)
    {
        new Thread(() =>
        {
            // A line without an end must not fill the memory.
            using var reader = new StreamReader(Stray, new UTF8Encoding(false));
            var line = new StringBuilder();
            Span<char> chars = stackalloc char[1024];
            for (int read = reader.Read(chars); read > 0; read = reader.Read(chars))
            {
                foreach (char c in chars[..read])
                {
                    if (c is not ('\n' or '\r')) line.Append(c);
                    if (line.Length > 0 && (c == '\n' || line.Length >= 8192))
                    {
                        write(line.ToString());
                        line.Clear();
                    }
                }
            }
        }) { IsBackground = true, Name = "stray output" }.Start();
    }
}
