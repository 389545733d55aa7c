namespace OpdCode.Protocol;

/// <summary>A page of rollouts.</summary>
/// <param name="Rollouts">The page.</param>
/// <param name="Total">How many there are in all pages.</param>
public sealed record RolloutList(IReadOnlyList<RolloutInfo> Rollouts, int Total);
