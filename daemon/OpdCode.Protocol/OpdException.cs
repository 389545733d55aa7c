namespace OpdCode.Protocol;

/// <summary>
/// A failure that a user can understand and act on. The message says what happened, the values seen, and what to
/// do; the code is stable. Programming errors are not this: they use the framework's exceptions.
/// </summary>
/// <param name="code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="message">What, the values seen, and what to do.</param>
/// <param name="inner">The cause, for the log.</param>
public sealed class OpdException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The stable code, for example OPD2102.</summary>
    public string Code { get; } = code;
}
