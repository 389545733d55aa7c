namespace OpdCode.Daemon.Bench;

/// <summary>The estimate of a run against what it took.</summary>
/// <param name="Name">The configuration.</param>
/// <param name="EstimatedBytes">What the preflight says.</param>
/// <param name="MeasuredBytes">Peak resident memory of a process that did two steps.</param>
/// <param name="Ratio">Estimated / measured.</param>
internal sealed record MemoryResult(string Name, long EstimatedBytes, long MeasuredBytes, double Ratio);
