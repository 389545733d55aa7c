namespace OpdCode.Protocol;

/// <summary>Tokens farthest from zero first.</summary>
/// <param name="Label">What the value is.</param>
/// <param name="Tokens">The tokens.</param>
public sealed record WorstTokens(MetricDescription Label, IReadOnlyList<WorstToken> Tokens);
