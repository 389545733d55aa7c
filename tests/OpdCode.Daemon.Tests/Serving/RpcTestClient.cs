using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Tests.Serving;

/// <summary>The other end of the wire, strict about every byte it gets: a byte outside of a frame is a violation.</summary>
internal sealed class RpcTestClient
{
    private readonly Stream _toDaemon;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonElement>> _waiting = new();
    private readonly Task _reading;
    private long _id;

    public RpcTestClient(Stream toDaemon, Stream fromDaemon)
    {
        _toDaemon = toDaemon;
        _reading = Task.Run(() => Read(fromDaemon));
    }

    /// <summary>Errors that belong to no call.</summary>
    public ConcurrentQueue<JsonElement> Complaints { get; } = [];

    public ConcurrentQueue<JsonElement> Notifications { get; } = [];

    /// <summary>What was wrong with the daemon's output; null when nothing was.</summary>
    public string? Violation { get; private set; }

    public long Received { get; private set; }

    public Task End => _reading;

    public Task<JsonElement> Initialize(string folder, string? runs = null, bool isTrusted = true, int? process = null, bool isUpdate = false) => Result(isUpdate ? "session/update" : "initialize", new InitializeParams
    {
        ProtocolVersion = ProtocolVersion.Current, Client = "test", WorkspaceFolders = [folder], RunsDirectory = runs, Trusted = isTrusted, ProcessId = process,
    });

    /// <summary>The answer's result.</summary>
    public async Task<JsonElement> Result(string method, object? parameters = null)
    {
        JsonElement answer = await Call(method, parameters);
        Assert.False(answer.TryGetProperty("error", out JsonElement error), $"{method}: {error}");
        return answer.GetProperty("result");
    }

    public async Task<T> Result<T>(string method, object? parameters = null) => (await Result(method, parameters)).Deserialize<T>(ProtocolJson.Options)!;

    /// <summary>The answer's error data.</summary>
    public async Task<ErrorData> Error(string method, object? parameters = null)
    {
        JsonElement answer = await Call(method, parameters);
        Assert.True(answer.TryGetProperty("error", out JsonElement error), $"{method} was answered: {answer}");
        return error.GetProperty("data").Deserialize<ErrorData>(ProtocolJson.Options)!;
    }

    public Task<JsonElement> Call(string method, object? parameters = null)
    {
        long id = Interlocked.Increment(ref _id);
        var message = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id, ["method"] = method };
        if (parameters is not null) message["params"] = parameters as JsonNode ?? JsonSerializer.SerializeToNode(parameters, parameters.GetType(), ProtocolJson.Options);
        var waiting = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = waiting;
        Send(Frame(message.ToJsonString()));
        return waiting.Task.WaitAsync(Patience.Limit);
    }

    public static byte[] Frame(string message) => [.. Encoding.ASCII.GetBytes($"Content-Length: {Encoding.UTF8.GetByteCount(message)}\r\n\r\n"), .. Encoding.UTF8.GetBytes(message)];

    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_toDaemon)
        {
            _toDaemon.Write(bytes);
            _toDaemon.Flush();
        }
    }

    private void Read(Stream from)
    {
        try
        {
            using var buffered = new BufferedStream(from, 1 << 16);
            while (Header(buffered) is int length)
            {
                byte[] body = new byte[length];
                buffered.ReadExactly(body);
                Received += length;
                Message(JsonSerializer.Deserialize<JsonElement>(body));
            }
        }
        catch (Exception failure) when (failure is IOException or JsonException or FormatException)
        {
            Violation ??= failure.Message;
        }
        foreach (TaskCompletionSource<JsonElement> waiting in _waiting.Values) waiting.TrySetException(new IOException($"the daemon closed the connection: {Violation}"));
    }

    private static int? Header(Stream from)
    {
        var text = new StringBuilder();
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int next = from.ReadByte();
            if (next < 0 && text.Length == 0) return null;
            text.Append((char)next);
            string expected = "Content-Length: ";
            bool isHeader = text.Length <= expected.Length ? expected.StartsWith(text.ToString(), StringComparison.Ordinal) : next is '\r' or '\n' or (>= '0' and <= '9');
            if (!isHeader) throw new FormatException($"a byte outside of any frame: {text}");
        }
        return int.Parse(text.ToString()["Content-Length: ".Length..^4], System.Globalization.CultureInfo.InvariantCulture);
    }

    private void Message(JsonElement message)
    {
        if (message.TryGetProperty("method", out _)) Notifications.Enqueue(message);
        else if (message.GetProperty("id") is { ValueKind: JsonValueKind.Number } id && _waiting.TryRemove(id.GetInt64(), out TaskCompletionSource<JsonElement>? waiting)) waiting.SetResult(message);
        else Complaints.Enqueue(message);
    }
}
