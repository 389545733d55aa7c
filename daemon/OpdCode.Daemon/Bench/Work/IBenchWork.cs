namespace OpdCode.Daemon.Bench.Work;

/// <summary>One side of a comparison: a piece of work that can be repeated.</summary>
internal interface IBenchWork : IDisposable
{
    /// <summary>A small run that loads code and starts threads; not timed.</summary>
    void WarmUp();

    /// <summary>One whole run, timed by the caller.</summary>
    /// <returns>How many units of work it did.</returns>
    double Run();
}
