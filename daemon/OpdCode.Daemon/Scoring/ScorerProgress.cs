namespace OpdCode.Daemon.Scoring;

/// <summary>How far a scorer is.</summary>
/// <param name="Message">What is being done.</param>
/// <param name="Fraction">0 to 1; null where the end is not known.</param>
internal sealed record ScorerProgress(string Message, double? Fraction);
