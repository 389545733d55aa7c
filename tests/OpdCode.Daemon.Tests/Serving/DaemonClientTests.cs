using OpdCode.Daemon.Serving;
using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class DaemonClientTests
{
    [Fact]
    public async Task The_newest_of_each_kind_is_told_at_most_ten_times_a_second()
    {
        var time = new ManualTime();
        var pipe = new Gate();
        using var client = new DaemonClient(time);
        client.Attach(pipe.Rpc);
        await client.Progress(new Progress("a", "0", 0));
        time.Advance(TimeSpan.Zero);
        await Patience.Until(() => pipe.Messages == 1, () => $"{pipe.Messages} messages");
        for (int i = 1; i <= 100; i++) await client.Progress(new Progress("a", $"{i}", i / 100.0));
        time.Advance(TimeSpan.FromMilliseconds(90));
        Assert.Equal(1, pipe.Messages);
        time.Advance(TimeSpan.FromMilliseconds(10));
        await Patience.Until(() => pipe.Messages == 2, () => $"{pipe.Messages} messages");
        Assert.Contains("\"message\":\"100\"", pipe.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"message\":\"99\"", pipe.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_does_not_read_gets_one_message_when_it_reads_again()
    {
        var time = new ManualTime();
        var pipe = new Gate();
        using var client = new DaemonClient(time);
        client.Attach(pipe.Rpc);
        pipe.Close();
        await client.Progress(new Progress("a", "first", 0));
        time.Advance(TimeSpan.Zero);
        await Patience.Until(() => pipe.Waiting == 1, () => "nothing is under way");
        for (int i = 0; i < 100; i++)
        {
            await client.Progress(new Progress("a", $"{i}", 0));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal((0, 1), (pipe.Messages, pipe.Waiting));
        pipe.Open();
        await Patience.Until(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return pipe.Messages == 2;
        }, () => $"{pipe.Messages} messages");
        Assert.Contains("\"message\":\"99\"", pipe.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"message\":\"98\"", pipe.Text, StringComparison.Ordinal);
    }

    /// <summary>The daemon's end of a wire whose other end can stop reading.</summary>
    private sealed class Gate : MemoryStream
    {
        private readonly MemoryStream _written = new();
        private TaskCompletionSource _open = new();
        private int _messages, _waiting;

        public Gate()
        {
            _open.SetResult();
            var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = ProtocolJson.Create() };
            Rpc = new JsonRpc(new FrameHandler(new EarlyFrames(new FrameReader(Null)), this, formatter, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance));
        }

        public JsonRpc Rpc { get; }

        public int Messages => Volatile.Read(ref _messages);

        public int Waiting => Volatile.Read(ref _waiting);

        public string Text
        {
            get
            {
                lock (_written) return System.Text.Encoding.UTF8.GetString(_written.ToArray());
            }
        }

        public override void Close() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _open.SetResult();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _waiting);
            await _open.Task;
            lock (_written) _written.Write(buffer.Span);
            Interlocked.Decrement(ref _waiting);
            Interlocked.Increment(ref _messages);
        }
    }
}
