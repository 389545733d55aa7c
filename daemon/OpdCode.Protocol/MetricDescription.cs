namespace OpdCode.Protocol;

/// <summary>What a number is.</summary>
/// <param name="Title">The name people read.</param>
/// <param name="Unit">For example <c>nats per token</c>; null for a plain number.</param>
/// <param name="Estimator">Estimator, direction and support; null where there is nothing to say.</param>
/// <param name="Sign">What the sign means; null where there is nothing to say.</param>
public sealed record MetricDescription(string Title, string? Unit, string? Estimator, string? Sign);
