namespace OpdCode.Daemon.Serving;

/// <summary>An answer would have more bytes than a message may have.</summary>
/// <param name="most">How many it may have.</param>
internal sealed class AnswerTooLargeException(int most) : Exception(
    FormattableString.Invariant($"The answer would have more than {most >> 20} MiB, which is the most that one message may have. Ask for a part: fewer runs, names or points, or a page of tokens."));
