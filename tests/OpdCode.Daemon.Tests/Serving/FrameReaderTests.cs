using System.Text;
using OpdCode.Daemon.Serving;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class FrameReaderTests
{
    private static string Frame(string body) => $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    /// <summary>Whatever stands between two good messages costs only itself, however the bytes are cut.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("noise on the line\n")]
    [InlineData("Content-Length: abc\r\n\r\n{}")]
    [InlineData("Content-Length: -5\r\n\r\n")]
    [InlineData("Content-Length: 99999999999999999999999\r\n\r\n")]
    [InlineData("Content-Length: 1073741824\r\n\r\n{\"a\":1}")]
    [InlineData("Content-Length: 500\r\n\r\n{\"a\":1}")]
    [InlineData("Content-Length: 12\r\n\r\n{\"a\":1}")]
    [InlineData("Content-Length: 30\r\n\r\n{\"a\":1}")]
    [InlineData("Content-Length: 3\r\n\r\n{\"a\":1}")]
    [InlineData("Content-Length: 5")]
    [InlineData("Content-Length: 5\r\n")]
    [InlineData("Content-Length: \r\n\r\n")]
    [InlineData("Content-Type: application/vscode-jsonrpc; charset=utf-16\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("Content-Type: nothing follows\r\n\r\n")]
    [InlineData("Content-Length: 2\r\nContent-Type: text/plain; charset=latin1\r\n\r\n{}")]
    public async Task Reading_goes_on_at_the_next_header(string between)
    {
        string first = """{"text":"Content-Length: 7 as text, and \r\n escaped"}""", last = """{"last":true}""";
        byte[] bytes = Encoding.UTF8.GetBytes(Frame(first) + between + Frame(last));
        foreach (int size in new[] { 1, 3, 7, 64, 100_000 })
        {
            List<string> messages = await Messages(bytes, size);
            Assert.Equal(first, messages[0]);
            Assert.Equal(last, messages[^1]);
        }
    }

    [Fact]
    public async Task A_header_may_say_its_type_before_and_after_its_length()
    {
        string text = "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}Content-Length: 3\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n[1]";
        foreach (int size in new[] { 1, 5, 1000 }) Assert.Equal(["{}", "[1]"], await Messages(Encoding.UTF8.GetBytes(text), size));
    }

    [Fact]
    public async Task A_message_of_the_largest_size_is_read_and_one_byte_more_is_not()
    {
        byte[] header = Encoding.ASCII.GetBytes($"Content-Length: {1 << 20}\r\n\r\n"), body = new byte[1 << 20];
        Array.Fill(body, (byte)'C');
        body[^1] = (byte)'}'; // what ends like the beginning of a header is no JSON, and waits for more
        var reader = new FrameReader(new MemoryStream([.. header, .. body]), 1 << 20);
        Assert.Equal(1 << 20, (await reader.Read(CancellationToken.None)).Message!.Length);
        reader = new FrameReader(new MemoryStream([.. header, .. body]), (1 << 20) - 1);
        (byte[]? message, string? problem) = await reader.Read(CancellationToken.None);
        Assert.Null(message);
        Assert.Contains("1048576", problem, StringComparison.Ordinal);
        Assert.Equal((null, null), await reader.Read(CancellationToken.None));
    }

    [Fact]
    public async Task A_gigabyte_that_is_announced_and_sent_is_passed_over_without_being_kept()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var reader = new FrameReader(new Flood(Encoding.ASCII.GetBytes("Content-Length: 1073741824\r\n\r\n"), 1 << 30, Encoding.ASCII.GetBytes("Content-Length: 2\r\n\r\n{}")));
        var messages = new List<string>();
        int problems = 0;
        for ((byte[]? message, string? problem) = await reader.Read(CancellationToken.None); message is not null || problem is not null; (message, problem) = await reader.Read(CancellationToken.None))
        {
            if (message is not null) messages.Add(Encoding.UTF8.GetString(message));
            else problems++;
        }
        Assert.Equal(["{}"], messages);
        Assert.Equal(1, problems);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    private static async Task<List<string>> Messages(byte[] bytes, int size)
    {
        var reader = new FrameReader(new Flood(bytes, 0, [], size));
        var messages = new List<string>();
        while (true)
        {
            (byte[]? message, string? problem) = await reader.Read(CancellationToken.None);
            if (message is null && problem is null) return messages;
            if (message is not null) messages.Add(Encoding.UTF8.GetString(message));
        }
    }

    /// <summary>A stream of a beginning, so many filling bytes, and an end, given in pieces of at most one size.</summary>
    private sealed class Flood(byte[] begin, long fill, byte[] end, int piece = int.MaxValue) : MemoryStream
    {
        private long _at;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            long left = begin.Length + fill + end.Length - _at;
            int count = (int)Math.Min(Math.Min(buffer.Length, piece), left);
            Span<byte> to = buffer.Span[..count];
            if (fill > 0 && _at >= begin.Length && _at + count <= begin.Length + fill)
            {
                to.Fill((byte)'x');
            }
            else
            {
                for (int i = 0; i < count; i++) to[i] = _at + i < begin.Length ? begin[_at + i] : _at + i < begin.Length + fill ? (byte)'x' : end[_at + i - begin.Length - fill];
            }
            _at += count;
            return ValueTask.FromResult(count);
        }
    }
}
