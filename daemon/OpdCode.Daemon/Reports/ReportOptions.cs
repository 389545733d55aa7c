namespace OpdCode.Daemon.Reports;

/// <summary>What goes into a report, and how much of it: a page that a browser cannot open helps nobody.</summary>
public sealed record ReportOptions
{
    /// <summary>The recorded steps whose rollouts are shown; null: the last, the first, then the newest that fit.</summary>
    public IReadOnlyList<int>? Steps { get; init; }

    /// <summary>Only the rollout of this position in each step; null: all.</summary>
    public int? Index { get; init; }

    /// <summary>The most that all rollouts together may take, in bytes of JSON.</summary>
    /// <value>24 MB by default: about 250 rollouts of 256 tokens with five alternatives a side.</value>
    public int RolloutBytes { get; init; } = 24 * 1024 * 1024;

    /// <summary>The most that all before/after answers together may take, in bytes of JSON.</summary>
    /// <value>4 MB by default.</value>
    public int AnswerBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The most steps a curve shows; longer runs are thinned evenly, evaluations are kept.</summary>
    /// <value>4000 by default: more points than pixels.</value>
    public int CurvePoints { get; init; } = 4000;
}
