namespace OpdCode.Daemon.Bench;

/// <summary>One result against the same result of an older report.</summary>
/// <param name="Name">The case.</param>
/// <param name="Measure">"ratio" where both reports have a baseline (it cancels what else the machine did), else "value".</param>
/// <param name="Old">The older figure.</param>
/// <param name="New">This run's figure.</param>
/// <param name="Change">New / old − 1; negative is slower.</param>
internal sealed record BenchChange(string Name, string Measure, double Old, double New, double Change)
{
    // Two runs on one quiet machine differ by a few percent.
    private const double Tolerated = 0.1;

    /// <summary>Whether this is slower by more than 10 %.</summary>
    public bool IsRegression => Change < -Tolerated;

    /// <summary>Changes of all results that both reports have.</summary>
    public static IReadOnlyList<BenchChange> Between(BenchReport old, IEnumerable<BenchResult> results) =>
        results.Join(old.Results, now => now.Name, then => then.Name, (now, then) =>
            now.Ratio is double newRatio && then.Ratio is double oldRatio
                ? new BenchChange(now.Name, "ratio", oldRatio, newRatio, newRatio / oldRatio - 1)
                : new BenchChange(now.Name, "value", then.Value, now.Value, now.Value / then.Value - 1)).ToArray();
}
