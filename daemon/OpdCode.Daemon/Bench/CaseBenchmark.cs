using System.Diagnostics;

namespace OpdCode.Daemon.Bench;

/// <summary>A benchmark made of cases: each runs ours and its baseline in turn, in this process, and the fastest run of each counts.</summary>
internal sealed class CaseBenchmark(string name, string description, IReadOnlyDictionary<string, Func<BenchSetting, IBenchCase>> cases) : IBenchmark
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Description => description;

    /// <summary>The cases by their full names.</summary>
    public IReadOnlyDictionary<string, Func<BenchSetting, IBenchCase>> Cases => cases;

    /// <inheritdoc/>
    public IEnumerable<BenchResult> Measure(BenchSetting setting, BenchMachine machine, CancellationToken cancel)
    {
        foreach ((string caseName, Func<BenchSetting, IBenchCase> create) in cases) yield return Measure(caseName, create, setting, machine, cancel);
    }

    private static BenchResult Measure(string caseName, Func<BenchSetting, IBenchCase> create, BenchSetting setting, BenchMachine machine, CancellationToken cancel)
    {
        using IBenchCase one = create(setting);
        double ours = 0, baseline = 0;
        one.WarmUp(BenchSide.Ours);
        if (one.HasBaseline) one.WarmUp(BenchSide.Baseline);
        for (int round = 0; round < setting.Repeat; round++)
        {
            cancel.ThrowIfCancellationRequested();
            ours = Math.Max(ours, Rate(one, BenchSide.Ours));
            if (one.HasBaseline) baseline = Math.Max(baseline, Rate(one, BenchSide.Baseline));
        }
        long? Peak(BenchSide side) => setting.Memory && (side == BenchSide.Ours || one.HasBaseline) ? PartProcess.PeakBytes(caseName, side, setting) : null;
        return BenchResult.Of(caseName, one.Unit, ours, one.HasBaseline ? baseline : null, one.Ceiling(machine), Peak(BenchSide.Ours), Peak(BenchSide.Baseline));
    }

    private static double Rate(IBenchCase one, BenchSide side)
    {
        long start = Stopwatch.GetTimestamp();
        double units = one.Run(side);
        return units / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
