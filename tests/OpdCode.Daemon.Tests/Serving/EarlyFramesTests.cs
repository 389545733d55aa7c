using System.IO.Pipelines;
using System.Text;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class EarlyFramesTests
{
    private const string Trace = """{"jsonrpc":"2.0","method":"$/setTrace","params":{"value":"off"}}""", List = """{"jsonrpc":"2.0","id":2,"method":"runs/list","params":{}}""";
    private const string Hello = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"1.0","client":"test","runsDirectory":"/runs"}}""";

    private readonly Pipe _pipe = new();
    private readonly TaskCompletionSource<InitializeParams> _greeted = new();

    private EarlyFrames Listening()
    {
        var frames = new EarlyFrames(new FrameReader(_pipe.Reader.AsStream()));
        frames.Listen(client => _greeted.TrySetResult(client));
        return frames;
    }

    private async Task Send(params string[] messages)
    {
        foreach (string message in messages) await _pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes($"Content-Length: {message.Length}\r\n\r\n{message}"));
    }

    private static async Task<string?> Next(EarlyFrames frames) => (await frames.Read(default).AsTask().WaitAsync(Patience.Limit)).Message is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    [Fact]
    public async Task Who_comes_is_known_before_anybody_reads_and_nothing_is_lost()
    {
        EarlyFrames frames = Listening();
        await Send(Trace, Hello, List);
        Assert.Equal("/runs", (await _greeted.Task.WaitAsync(Patience.Limit)).RunsDirectory);
        foreach (string sent in (string[])[Trace, Hello, List]) Assert.Equal(sent, await Next(frames));
        await _pipe.Writer.CompleteAsync();
        Assert.Null(await Next(frames));
    }

    [Fact]
    public async Task A_client_that_begins_with_something_else_is_answered_at_once()
    {
        EarlyFrames frames = Listening();
        for (int i = 0; i < 20; i++)
        {
            await Send(List);
            Assert.Equal(List, await Next(frames));
        }
        await Send(Hello);
        Assert.Equal(Hello, await Next(frames));
        Assert.False(_greeted.Task.IsCompleted, "what comes late is left to those who answer it");
    }

    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"client":7}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"initialize"}""")]
    [InlineData("no json")]
    public async Task What_is_no_greeting_is_handed_on(string message)
    {
        EarlyFrames frames = Listening();
        await Send(message, Hello);
        Assert.Equal(message, await Next(frames));
        Assert.Equal("/runs", (await _greeted.Task.WaitAsync(Patience.Limit)).RunsDirectory);
    }

    [Fact]
    public async Task A_greeting_that_troubles_who_listens_is_handed_on()
    {
        var frames = new EarlyFrames(new FrameReader(_pipe.Reader.AsStream()));
        frames.Listen(_ => throw new ArgumentException("no such folder"));
        await Send(Hello, List);
        foreach (string sent in (string[])[Hello, List]) Assert.Equal(sent, await Next(frames));
    }

    [Fact]
    public async Task A_stream_that_breaks_breaks_for_whoever_reads()
    {
        EarlyFrames frames = Listening();
        await _pipe.Writer.CompleteAsync(new IOException("gone"));
        await Assert.ThrowsAnyAsync<IOException>(() => Next(frames));
    }
}
