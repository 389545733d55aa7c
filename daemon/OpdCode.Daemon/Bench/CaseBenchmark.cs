using System.Diagnostics;

namespace OpdCode.Daemon.Bench;

/// <summary>A benchmark made of cases: each runs ours and its baseline in turn, in this process, and the fastest run of each counts.</summary>
internal sealed class CaseBenchmark(string name, string description, IReadOnlyDictionary<string, Func<BenchSetting, BenchCase>> cases) : IBenchmark
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Description => description;

    /// <summary>The cases by their full names.</summary>
    public IReadOnlyDictionary<string, Func<BenchSetting, BenchCase>> Cases => cases;

    /// <inheritdoc/>
    public IEnumerable<BenchResult> Measure(BenchSetting setting, BenchMachine machine, CancellationToken cancel)
    {
        foreach ((string caseName, Func<BenchSetting, BenchCase> create) in cases) yield return Measure(caseName, create, setting, machine, cancel);
    }

    private static BenchResult Measure(string caseName, Func<BenchSetting, BenchCase> create, BenchSetting setting, BenchMachine machine, CancellationToken cancel)
    {
        using BenchCase one = create(setting);
        double ours = 0, baseline = 0;
        one.WarmUp(BenchSide.Ours);
        one.WarmUp(BenchSide.Baseline);
        for (int round = 0; round < setting.Repeat; round++)
        {
            cancel.ThrowIfCancellationRequested();
            ours = Math.Max(ours, Rate(one, BenchSide.Ours));
            baseline = Math.Max(baseline, Rate(one, BenchSide.Baseline));
        }
        long? Peak(BenchSide side) => setting.Memory ? PartProcess.PeakBytes(caseName, side, setting) : null;
        return BenchResult.Of(caseName, one.Unit, ours, baseline, one.Ceiling(machine), Peak(BenchSide.Ours), Peak(BenchSide.Baseline));
    }

    private static double Rate(BenchCase one, BenchSide side)
    {
        long start = Stopwatch.GetTimestamp();
        double units = one.Run(side);
        return units / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
