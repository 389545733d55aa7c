namespace OpdCode.Distillation.Runs;

/// <summary>
/// What one metric of a run measures, in words. A number without its estimator and sign misleads, so the labels are
/// written beside the numbers, in <c>metrics.labels.json</c>, by the code that computes them.
/// </summary>
public sealed record MetricLabel
{
    /// <summary>The name people read, in sentence case.</summary>
    public string? Title { get; init; }

    /// <summary>The unit, for example <c>nats per token</c>; null for a plain number.</summary>
    public string? Unit { get; init; }

    /// <summary>Estimator, direction and support, for example <c>reverse KL, KL(student‖teacher), full vocabulary</c>.</summary>
    public string? Estimator { get; init; }

    /// <summary>What the sign means, for example <c>positive: the student differs from the teacher</c>.</summary>
    public string? Sign { get; init; }
}
