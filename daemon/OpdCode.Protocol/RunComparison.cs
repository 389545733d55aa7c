namespace OpdCode.Protocol;

/// <summary>Settings and last metrics of several runs side by side.</summary>
/// <param name="RunIds">The columns.</param>
/// <param name="Settings">Rows of settings.</param>
/// <param name="Metrics">Rows of metrics.</param>
public sealed record RunComparison(IReadOnlyList<string> RunIds, IReadOnlyList<ComparedSetting> Settings, IReadOnlyList<ComparedMetric> Metrics);
