using System.Text.Json;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Work;

/// <summary>Failures on a pipe between daemon and worker: code and message survive the way.</summary>
internal static class PipeErrors
{
    // Outside of the range that JSON-RPC keeps for itself.
    private const int Known = 1;

    /// <summary>What the worker throws.</summary>
    public static LocalRpcException ToWire(OpdException failure) =>
        new(failure.Message, failure) { ErrorCode = Known, ErrorData = new ErrorData(failure.Code, failure.Message, $"docs/errors/{failure.Code}.md") };

    /// <summary>What the daemon throws; null when the worker's failure was not one for people.</summary>
    public static OpdException? FromWire(RemoteInvocationException failure)
    {
        if (failure.ErrorCode != Known || failure.ErrorData is not JsonElement data) return null;
        return data.Deserialize<ErrorData>(RunJson.Options) is { } known ? new OpdException(known.Code, known.Message, failure) : null;
    }
}
