namespace OpdCode.Daemon.Bench;

/// <summary>One thing that is measured: our code and its baseline on the same input. Disposed after its last run.</summary>
internal interface IBenchCase : IDisposable
{
    /// <summary>Unit of what <see cref="Run"/> counts, per second: <c>tokens/s</c>.</summary>
    string Unit { get; }

    /// <summary>Whether there is a baseline.</summary>
    bool HasBaseline { get; }

    /// <summary>A small run that loads code and starts threads; not timed.</summary>
    void WarmUp(BenchSide side);

    /// <summary>One whole run, timed by the caller.</summary>
    /// <returns>How many units of work it did.</returns>
    double Run(BenchSide side);

    /// <summary>Units per second that the machine would allow, or null where that is not defined.</summary>
    double? Ceiling(BenchMachine machine);
}
