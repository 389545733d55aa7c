namespace OpdCode.Daemon.Bench;

/// <summary>One line of a benchmark. All rates are "more is better".</summary>
/// <param name="Name">What was measured, for example <c>rollout/64x4</c>.</param>
/// <param name="Unit">Unit of the three rates, for example <c>tokens/s</c>.</param>
/// <param name="Value">Rate of our code, fastest run.</param>
/// <param name="Baseline">Rate of the baseline on the same input in the same process, fastest run; null without one.</param>
/// <param name="Ratio">Value / baseline: how many times faster ours is.</param>
/// <param name="Ceiling">The rate that the machine's matrix products and memory would allow; null where none is defined.</param>
/// <param name="Fraction">Value / ceiling.</param>
/// <param name="PeakBytes">Peak resident memory of our code above model and input, in a process of its own; null when not measured.</param>
/// <param name="BaselinePeakBytes">The same of the baseline.</param>
internal sealed record BenchResult(
    string Name, string Unit, double Value, double? Baseline, double? Ratio, double? Ceiling, double? Fraction, long? PeakBytes, long? BaselinePeakBytes)
{
    public static BenchResult Of(string name, string unit, double value, double? baseline, double? ceiling, long? peakBytes, long? baselinePeakBytes) =>
        new(name, unit, value, baseline, value / baseline, ceiling, value / ceiling, peakBytes, baselinePeakBytes);
}
