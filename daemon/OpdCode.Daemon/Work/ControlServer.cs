using StreamJsonRpc;

namespace OpdCode.Daemon.Work;

/// <summary>Listens on a run's pipe for as long as it lives; several may ask at once.</summary>
internal sealed class ControlServer : IDisposable
{
    private readonly CancellationTokenSource _end = new();

    /// <summary>Starts to listen.</summary>
    /// <param name="pipe">Name of the pipe.</param>
    /// <param name="attach">Gives a connection what can be called on it.</param>
    public ControlServer(string pipe, Action<JsonRpc> attach)
    {
        // The first pipe is there before anyone can be told its name.
        Task<Stream> first = LocalPipe.Accept(pipe, _end.Token);
        _ = Listen(pipe, first, attach);
    }

    /// <summary>A server of the verbs of a run.</summary>
    public static ControlServer For(string pipe, IWorkerControl control) =>
        new(pipe, rpc => rpc.AddLocalRpcTarget<IWorkerControl>(control, new JsonRpcTargetOptions { MethodNameTransform = CommonMethodNameTransforms.CamelCase }));

    private async Task Listen(string pipe, Task<Stream> accepted, Action<JsonRpc> attach)
    {
        CancellationToken end = _end.Token;
        try
        {
            while (true)
            {
                Stream stream = await accepted;
                accepted = LocalPipe.Accept(pipe, end);
                JsonRpc rpc = LocalPipe.Speak(stream);
                attach(rpc);
                rpc.StartListening(); // disposes of itself and the stream when the other side goes
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }
}
