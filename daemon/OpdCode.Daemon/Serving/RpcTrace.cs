using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace OpdCode.Daemon.Serving;

/// <summary>Logs calls when somebody wants to see them: always at debug level, and at information level after <c>$/setTrace</c>.</summary>
internal sealed partial class RpcTrace
{
    private const int MostCharacters = 2000;
    private volatile string _level = "off";

    /// <summary><c>off</c>, <c>messages</c> (names and times) or <c>verbose</c> (parameters as well); what else comes is off.</summary>
    public string Level
    {
        get => _level;
        set => _level = value is "messages" or "compact" ? "messages" : value == "verbose" ? "verbose" : "off";
    }

    /// <summary>A call came.</summary>
    public void Asked(ILogger log, string call, JsonElement parameters)
    {
        if (_level != "verbose") return;
        string text = parameters.ValueKind == JsonValueKind.Undefined ? "" : parameters.GetRawText();
        LogAsked(log, call, text.Length <= MostCharacters ? text : $"{text.AsSpan(0, MostCharacters)} … {text.Length} characters");
    }

    /// <summary>A call was answered.</summary>
    public void Answered(ILogger log, string call, TimeSpan time, string outcome)
    {
        LogLevel level = _level == "off" ? LogLevel.Debug : LogLevel.Information;
        if (log.IsEnabled(level)) LogAnswered(log, level, call, time.TotalMilliseconds, outcome);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Call} asked: {Parameters}")]
    private static partial void LogAsked(ILogger log, string call, string parameters);

    [LoggerMessage(Message = "{Call} answered in {Milliseconds:F2} ms: {Outcome}")]
    private static partial void LogAnswered(ILogger log, LogLevel level, string call, double milliseconds, string outcome);
}
