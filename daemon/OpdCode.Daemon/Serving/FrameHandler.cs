using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using OpdCode.Protocol;
using StreamJsonRpc;
using StreamJsonRpc.Protocol;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// The wire below StreamJsonRpc. It hands on what can be dispatched and answers everything else itself, so that no
/// message ends the connection; and it bounds what is asked at one time, and what is answered.
/// </summary>
/// <param name="fromClient">Messages from the real stdin.</param>
/// <param name="toClient">The real stdout.</param>
/// <param name="formatter">Turns messages to bytes.</param>
/// <param name="log">Gets what was refused.</param>
internal sealed partial class FrameHandler(EarlyFrames fromClient, Stream toClient, IJsonRpcMessageFormatter formatter, ILogger log) : MessageHandlerBase(formatter)
{
    /// <summary>Calls that may be unanswered at one time, and bytes that all of them together may have.</summary>
    public const int MostPending = 256, MostPendingBytes = 2 * FrameReader.MostBytes;

    /// <summary>The largest answer. Ten thousand runs take a sixth of it.</summary>
    public const int MostAnswerBytes = 64 * 1024 * 1024;

    private const int LargestInOneWrite = 64 * 1024; // what a pipe holds
    private static readonly byte[] s_noParameters = Encoding.UTF8.GetBytes(",\"params\":{}}");
    private readonly Dictionary<string, int> _pending = []; // bytes by id
    private readonly AnswerBuffer _body = new(MostAnswerBytes);
    private long _pendingBytes;

    /// <summary>The calls there are; empty: any may come.</summary>
    public IReadOnlySet<string> Methods { get; set; } = new HashSet<string>();

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool CanWrite => true;

    /// <inheritdoc />
    protected override async ValueTask<JsonRpcMessage?> ReadCoreAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            (byte[]? bytes, string? problem) = await fromClient.Read(cancellationToken);
            if (bytes is null && problem is null) return null;
            if (bytes is null)
            {
                await Refuse(null, JsonRpcErrorCode.ParseError, problem!, cancellationToken);
                continue;
            }
            MessageCheck check = MessageCheck.Of(bytes);
            if (check.Problem is not null)
            {
                await Refuse(check.Id, JsonRpcErrorCode.InvalidRequest, check.Problem, cancellationToken);
            }
            else if (check.Method is null)
            {
                LogAnswer(); // the daemon asks nothing, so there is nothing to answer
            }
            else if (!check.Method.StartsWith("$/", StringComparison.Ordinal) && Methods.Count > 0 && !Methods.Contains(check.Method))
            {
                if (check.Id is not null) await Refuse(check.Id, JsonRpcErrorCode.MethodNotFound, $"There is no call \"{check.Method}\". The client may be newer than this daemon.", cancellationToken);
            }
            else if (Admit(check.Id, bytes.Length) is { } busy)
            {
                await Refuse(check.Id, JsonRpcErrorCode.InvalidRequest, busy, cancellationToken);
            }
            else
            {
                return Formatter.Deserialize(new ReadOnlySequence<byte>(check.HasParameters ? bytes : WithParameters(bytes)));
            }
        }
    }

    private string? Admit(string? id, int bytes)
    {
        if (id is null) return null;
        lock (_pending)
        {
            if (_pending.ContainsKey(id)) return $"A call with the id {id} is not answered yet.";
            if (_pending.Count >= MostPending || _pendingBytes + bytes > MostPendingBytes) return $"{_pending.Count} calls of {_pendingBytes} bytes are not answered yet; wait for some of them.";
            _pending[id] = bytes;
            _pendingBytes += bytes;
            return null;
        }
    }

    private async Task Refuse(string? id, JsonRpcErrorCode code, string problem, CancellationToken cancel)
    {
        LogRefused(problem);
        lock (_pending)
            if (id is not null && _pending.ContainsKey(id)) id = null; // that id belongs to another answer
        await WriteAsync(new JsonRpcError
        {
            RequestId = id is null ? RequestId.Null : id[0] == '"' ? new RequestId(System.Text.Json.JsonSerializer.Deserialize<string>(id)) : new RequestId(long.Parse(id, CultureInfo.InvariantCulture)),
            Error = new JsonRpcError.ErrorDetail { Code = code, Message = problem, Data = RpcErrors.Data(ErrorCodes.RequestInvalid, problem) },
        }, cancel);
    }

    // Calls without parameters are bound like those with an empty object.
    private static byte[] WithParameters(byte[] message)
    {
        int end = message.AsSpan().LastIndexOf((byte)'}');
        return [.. message.AsSpan(0, end), .. s_noParameters];
    }

    /// <inheritdoc />
    protected override async ValueTask WriteCoreAsync(JsonRpcMessage content, CancellationToken cancellationToken)
    {
        Serialize(content);
        byte[] header = Encoding.ASCII.GetBytes($"Content-Length: {_body.Length}\r\n\r\n");
        if (_body.Length > LargestInOneWrite)
        {
            await toClient.WriteAsync(header, cancellationToken);
            foreach (ReadOnlyMemory<byte> part in _body.Parts) await toClient.WriteAsync(part, cancellationToken);
        }
        else
        {
            // One write: half a small message must not wait in a pipe for its other half.
            int length = header.Length + _body.Length, at = header.Length;
            byte[] frame = ArrayPool<byte>.Shared.Rent(length);
            try
            {
                header.CopyTo(frame, 0);
                foreach (ReadOnlyMemory<byte> part in _body.Parts)
                {
                    part.CopyTo(frame.AsMemory(at));
                    at += part.Length;
                }
                await toClient.WriteAsync(frame.AsMemory(0, length), cancellationToken);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(frame);
            }
        }
        if (content is IJsonRpcMessageWithId { RequestId: { IsEmpty: false, IsNull: false } id } and (JsonRpcResult or JsonRpcError)) Release(id);
    }

    private void Serialize(JsonRpcMessage content)
    {
        _body.Clear();
        try
        {
            Formatter.Serialize(_body, content);
        }
        catch (Exception failure) when ((failure as AnswerTooLargeException ?? failure.InnerException as AnswerTooLargeException) is { } tooLarge && content is JsonRpcResult)
        {
            LogRefused(tooLarge.Message);
            _body.Clear();
            RequestId id = ((JsonRpcResult)content).RequestId;
            LocalRpcException told = RpcErrors.Of(new OpdException(ErrorCodes.RequestInvalid, tooLarge.Message, failure));
            Formatter.Serialize(_body, new JsonRpcError { RequestId = id, Error = new JsonRpcError.ErrorDetail { Code = (JsonRpcErrorCode)told.ErrorCode, Message = told.Message, Data = told.ErrorData } });
        }
    }

    private void Release(RequestId id)
    {
        string key = id.String is { } text ? System.Text.Json.JsonSerializer.Serialize(text) : id.Number?.ToString(CultureInfo.InvariantCulture) ?? "";
        lock (_pending)
            if (_pending.Remove(key, out int bytes)) _pendingBytes -= bytes;
    }

    /// <inheritdoc />
    protected override ValueTask FlushAsync(CancellationToken cancellationToken) => new(toClient.FlushAsync(cancellationToken));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused: {Problem}")]
    private partial void LogRefused(string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Passed over an answer to nothing.")]
    private partial void LogAnswer();
}
