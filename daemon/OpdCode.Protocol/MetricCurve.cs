namespace OpdCode.Protocol;

/// <summary>One metric over the steps of one run, as aligned arrays.</summary>
public sealed record MetricCurve
{
    /// <summary>The run.</summary>
    public required string RunId { get; init; }

    /// <summary>The metric.</summary>
    public required string Name { get; init; }

    /// <summary>Optimizer steps, ascending.</summary>
    public required IReadOnlyList<int> Steps { get; init; }

    /// <summary>The values; null where one is not a finite number.</summary>
    public required IReadOnlyList<double?> Values { get; init; }

    /// <summary>The smoothed values; null without smoothing.</summary>
    public IReadOnlyList<double?>? Smoothed { get; init; }

    /// <summary>How many points there were before down-sampling.</summary>
    public required int Points { get; init; }
}
