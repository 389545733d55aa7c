namespace OpdCode.Protocol;

/// <summary>Which curves.</summary>
public sealed record GetMetricsParams
{
    /// <summary>One run or several.</summary>
    public required IReadOnlyList<string> RunIds { get; init; }

    /// <summary>Names of metrics; null: all.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>First step.</summary>
    public int FromStep { get; init; }

    /// <summary>Last step; null: to the end.</summary>
    public int? ToStep { get; init; }

    /// <summary>How many points a curve has at most, 2 to 100,000; the extremes of what is left out are kept.</summary>
    public int MaxPoints { get; init; } = 1000;

    /// <summary>Time constant of exponential smoothing in steps; 0: none. The raw values come as well.</summary>
    public double Smoothing { get; init; }
}
