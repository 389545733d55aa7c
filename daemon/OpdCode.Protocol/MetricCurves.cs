namespace OpdCode.Protocol;

/// <summary>Curves of metrics.</summary>
/// <param name="Curves">One a run and name.</param>
/// <param name="Labels">What each metric is, by name.</param>
public sealed record MetricCurves(IReadOnlyList<MetricCurve> Curves, IReadOnlyDictionary<string, MetricDescription> Labels);
