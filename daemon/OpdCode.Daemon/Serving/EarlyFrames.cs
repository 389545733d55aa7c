using System.Text.Json;
using System.Threading.Channels;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// The client's messages, of which the first are looked at before anybody can answer them: a client writes initialize as
/// soon as the process exists, and what it says there is known a fifth of a second before it can be answered.
/// </summary>
/// <param name="frames">Where they come from.</param>
internal sealed class EarlyFrames(FrameReader frames)
{
    // A client may say a few things first, such as what it wants to see in the log.
    private const int MostBefore = 8;

    private readonly Channel<(byte[]? Message, string? Problem)> _early = Channel.CreateUnbounded<(byte[]?, string?)>();
    private bool _isListening;

    /// <summary>Begins to listen, until initialize came or too much else; what was read is handed on at once. Never called: nothing is looked at.</summary>
    /// <param name="greeted">Gets initialize's parameters, before anybody else does; nobody has checked what they say.</param>
    public void Listen(Action<InitializeParams> greeted)
    {
        _isListening = true;
        _ = Task.Run(async () =>
        {
            Exception? end = null;
            try
            {
                for (int i = 0; i < MostBefore; i++)
                {
                    (byte[]? message, string? problem) = await frames.Read(CancellationToken.None);
                    InitializeParams? client = message is null ? null : Greeting(message);
                    try
                    {
                        if (client is not null) greeted(client);
                    }
                    finally
                    {
                        _early.Writer.TryWrite((message, problem)); // whatever somebody made of it, it is to be answered
                    }
                    if (client is not null || (message is null && problem is null)) return;
                }
            }
            catch (Exception failure) when (failure is IOException or ObjectDisposedException or OperationCanceledException)
            {
                end = failure; // whoever reads next gets it
            }
            finally
            {
                _early.Writer.Complete(end);
            }
        });
    }

    /// <summary>The next message, see <see cref="FrameReader.Read"/>.</summary>
    public async ValueTask<(byte[]? Message, string? Problem)> Read(CancellationToken cancel)
    {
        if (_isListening)
        {
            if (await _early.Reader.WaitToReadAsync(cancel) && _early.Reader.TryRead(out (byte[]? Message, string? Problem) next)) return next;
            _isListening = false;
        }
        return await frames.Read(cancel);
    }

    // Null for anything else: whoever dispatches it says what is wrong with it.
    private static InitializeParams? Greeting(byte[] message)
    {
        MessageCheck check = MessageCheck.Of(message);
        if (check is not { Problem: null, Method: "initialize", HasParameters: true }) return null;
        try
        {
            using var json = JsonDocument.Parse(message);
            return json.RootElement.GetProperty("params").Deserialize<InitializeParams>(ProtocolJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
