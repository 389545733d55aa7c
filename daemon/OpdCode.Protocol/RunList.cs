namespace OpdCode.Protocol;

/// <summary>A page of runs.</summary>
/// <param name="Runs">The page.</param>
/// <param name="Total">How many there are in all pages.</param>
public sealed record RunList(IReadOnlyList<Run> Runs, int Total);
