using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Logging;
using OpdCode.Daemon.Serving;
using OpdCode.Distillation.Tests;

namespace OpdCode.Daemon.Tests.Serving;

/// <summary>A daemon in this process, over pipes in memory, with a folder of its own that is the workspace.</summary>
internal sealed class ServedHere : IAsyncDisposable
{
    private readonly ToyModels.TemporaryFolder _folder = new();
    private readonly Pipe _toDaemon = new(), _toClient = new();
    private readonly MemoryStream _log = new();
    private readonly Task _serving;

    public ServedHere()
    {
        var streams = new ProcessStreams(_toDaemon.Reader.AsStream(), _toClient.Writer.AsStream(), _log, Stream.Null);
        _serving = DaemonHost.Serve(streams, LogLevel.Debug, CancellationToken.None);
        Client = new RpcTestClient(_toDaemon.Writer.AsStream(), _toClient.Reader.AsStream());
    }

    public RpcTestClient Client { get; }

    public string Folder => _folder.Path;

    public string Runs => Path.Combine(Folder, "runs");

    public string Log
    {
        get
        {
            lock (_log) return Encoding.UTF8.GetString(_log.ToArray());
        }
    }

    public static async Task<ServedHere> Start(bool isTrusted = true)
    {
        var served = new ServedHere();
        await served.Client.Initialize(served.Folder, isTrusted: isTrusted);
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        await _toDaemon.Writer.CompleteAsync();
        await _serving.WaitAsync(Patience.Limit);
        _folder.Dispose();
        Assert.Null(Client.Violation);
    }
}
