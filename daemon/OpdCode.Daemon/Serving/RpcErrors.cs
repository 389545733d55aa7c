using System.Globalization;
using System.Text.Json;
using OpdCode.Daemon.Commands;
using OpdCode.Protocol;
using StreamJsonRpc;

namespace OpdCode.Daemon.Serving;

/// <summary>What a client learns of a failure: the code's number, and code, message and help page as data. Never a stack.</summary>
internal static class RpcErrors
{
    /// <summary>The failure as StreamJsonRpc sends it.</summary>
    public static LocalRpcException Of(Exception failure)
    {
        string text = FailureText.Of(failure); // begins with the code
        string code = text[..7], message = text[8..];
        return new LocalRpcException(message, failure)
        {
            // Below 32,000, so never one of JSON-RPC's own.
            ErrorCode = int.Parse(code.AsSpan(3), CultureInfo.InvariantCulture),
            ErrorData = Data(code, message),
        };
    }

    /// <summary>The data of an error.</summary>
    public static ErrorData Data(string code, string message) => new(code, message, HelpOf(code));

    /// <summary>The page about a code, relative to the documentation.</summary>
    public static string HelpOf(string code) => $"docs/errors/{code}.md";

    /// <summary>Parameters that do not fit, with the member that is wrong.</summary>
    public static OpdException Parameters(string method, JsonException failure) =>
        new(ErrorCodes.RequestInvalid, $"{method}: {failure.Message.Split(" LineNumber", 2)[0].TrimEnd('.')}.", failure);
}
