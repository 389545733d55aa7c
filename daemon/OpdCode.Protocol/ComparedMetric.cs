namespace OpdCode.Protocol;

/// <summary>The last value of one metric in several runs.</summary>
/// <param name="Name">The metric.</param>
/// <param name="Label">What it is; null when the run did not say.</param>
/// <param name="Values">By run; null where it was not written.</param>
/// <param name="Differences">Value minus that of the first run; null where either is missing.</param>
public sealed record ComparedMetric(string Name, MetricDescription? Label, IReadOnlyList<double?> Values, IReadOnlyList<double?> Differences);
