using Microsoft.Extensions.Logging;

namespace OpdCode.Daemon.Serving;

/// <summary>Writes the log: one JSON object a line with time, level, category and message.</summary>
/// <param name="stream">Where to; the real stderr.</param>
internal sealed class JsonLineLoggerProvider(Stream stream) : ILoggerProvider
{
    /// <inheritdoc />
    public ILogger CreateLogger(string categoryName) => new JsonLineLogger(stream, categoryName);

    /// <inheritdoc />
    public void Dispose()
    {
        // The stream is the process's.
    }
}
