namespace OpdCode.Daemon.Bench.Work;

/// <summary>Several pieces of work, one after the other, counted as one unit: a step.</summary>
internal sealed class CountedWork(params IBenchWork[] parts) : IBenchWork
{
    /// <inheritdoc/>
    public void WarmUp()
    {
        foreach (IBenchWork part in parts) part.WarmUp();
    }

    /// <inheritdoc/>
    public double Run()
    {
        foreach (IBenchWork part in parts) part.Run();
        return 1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IBenchWork part in parts) part.Dispose();
    }
}
