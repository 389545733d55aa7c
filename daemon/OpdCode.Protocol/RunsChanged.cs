namespace OpdCode.Protocol;

/// <summary>Runs whose state or counters changed since the last notification.</summary>
/// <param name="Runs">Each as it is now.</param>
/// <param name="Removed">Ids of runs that are gone.</param>
public sealed record RunsChanged(IReadOnlyList<Run> Runs, IReadOnlyList<string> Removed);
