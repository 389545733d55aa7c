namespace OpdCode.Protocol;

/// <summary>Curves.</summary>
public interface IMetricCalls
{
    /// <summary>Curves by name and range, down-sampled here.</summary>
    [RpcMethod("metrics/get")]
    Task<MetricCurves> GetMetrics(GetMetricsParams parameters, CancellationToken cancel);

    /// <summary>Writes the metrics of a run as CSV.</summary>
    [RpcMethod("metrics/export")]
    Task<WrittenFile> ExportMetrics(ExportMetricsParams parameters, CancellationToken cancel);
}
