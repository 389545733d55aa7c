using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using OpdCode.Daemon.Serving;
using OpdCode.Protocol;
using StreamJsonRpc;
using StreamJsonRpc.Protocol;

namespace OpdCode.Daemon.Tests.Serving;

public sealed class FrameHandlerTests
{
    [Fact]
    public async Task An_answer_that_is_too_large_is_an_error_and_the_next_one_is_sent()
    {
        using var toClient = new MemoryStream();
        var formatter = new SystemTextJsonFormatter { JsonSerializerOptions = ProtocolJson.Create().WithColumns() };
        await using var handler = new FrameHandler(new EarlyFrames(new FrameReader(Stream.Null)), toClient, formatter, NullLogger.Instance);
        using var rpc = new JsonRpc(handler); // the formatter works for one
        int[] numbers = new int[FrameHandler.MostAnswerBytes / 2];
        await handler.WriteAsync(new JsonRpcResult { RequestId = new RequestId(7), Result = numbers, ResultDeclaredType = typeof(IReadOnlyList<int>) }, default);
        JsonElement error = Next(toClient);
        Assert.Equal(7, error.GetProperty("id").GetInt32());
        Assert.Equal(ErrorCodes.RequestInvalid, error.GetProperty("error").GetProperty("data").GetProperty("code").GetString());
        Assert.Contains("64 MiB", error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        await handler.WriteAsync(new JsonRpcResult { RequestId = new RequestId(8), Result = "fits" }, default);
        Assert.Equal("fits", Next(toClient).GetProperty("result").GetString());
    }

    private static JsonElement Next(MemoryStream stream)
    {
        string text = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        stream.SetLength(0);
        return JsonSerializer.Deserialize<JsonElement>(text[text.IndexOf('{', StringComparison.Ordinal)..]);
    }
}
