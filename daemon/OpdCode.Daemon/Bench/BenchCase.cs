using OpdCode.Daemon.Bench.Work;

namespace OpdCode.Daemon.Bench;

/// <summary>Two pieces of work, the second being what the first is compared with. Each is made when it is first needed.</summary>
/// <param name="unit">What both count, per second: <c>tokens/s</c>.</param>
/// <param name="ours">What is measured.</param>
/// <param name="baseline">What it is compared with.</param>
/// <param name="ceiling">Units per second that the machine would allow; null where that is not defined.</param>
internal sealed class BenchCase(string unit, Func<IBenchWork> ours, Func<IBenchWork> baseline, Func<BenchMachine, double>? ceiling = null) : IDisposable
{
    private readonly Lazy<IBenchWork> _ours = new(ours), _baseline = new(baseline);

    /// <summary>What both count, per second.</summary>
    public string Unit => unit;

    /// <summary>A small run that loads code and starts threads; not timed.</summary>
    public void WarmUp(BenchSide side) => Of(side).WarmUp();

    /// <summary>One whole run, timed by the caller.</summary>
    /// <returns>How many units of work it did.</returns>
    public double Run(BenchSide side) => Of(side).Run();

    /// <summary>Units per second that the machine would allow, or null where that is not defined.</summary>
    public double? Ceiling(BenchMachine machine) => ceiling?.Invoke(machine);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ours.IsValueCreated) _ours.Value.Dispose();
        if (_baseline.IsValueCreated) _baseline.Value.Dispose();
    }

    private IBenchWork Of(BenchSide side) => (side == BenchSide.Ours ? _ours : _baseline).Value;
}
