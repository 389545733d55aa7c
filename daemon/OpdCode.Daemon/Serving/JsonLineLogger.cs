using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace OpdCode.Daemon.Serving;

/// <summary>Writes one category's messages as JSON lines. Lines of all loggers of one stream come out whole.</summary>
internal sealed class JsonLineLogger(Stream stream, string category) : ILogger
{
    private static readonly JsonWriterOptions s_writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc />
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc />
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    /// <inheritdoc />
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        using var line = new MemoryStream(256);
        using (var writer = new Utf8JsonWriter(line, s_writing))
        {
            writer.WriteStartObject();
            writer.WriteString("time", TimeProvider.System.GetUtcNow());
            writer.WriteString("level", JsonNamingPolicy.CamelCase.ConvertName(logLevel.ToString()));
            writer.WriteString("category", category);
            writer.WriteString("message", formatter(state, exception));
            if (exception is not null) writer.WriteString("exception", exception.ToString());
            writer.WriteEndObject();
        }
        line.WriteByte((byte)'\n');
        lock (stream)
        {
            try
            {
                stream.Write(line.GetBuffer(), 0, (int)line.Length);
            }
            catch (IOException)
            {
                // Whoever read the log is gone; that must not end what is being logged.
            }
        }
    }
}
