namespace OpdCode.Daemon.Reports;

/// <summary>What <see cref="RunReport.Write"/> made.</summary>
/// <param name="Path">The full path of the page.</param>
/// <param name="Rollouts">How many rollouts are in the page.</param>
public sealed record ReportSummary(string Path, int Rollouts);
