namespace OpdCode.Daemon.Bench.Waiting;

/// <summary>One figure of <c>opdcode bench daemon</c>; less is better.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">ms, or % of a step.</param>
/// <param name="Value">The median.</param>
/// <param name="Best">The least of all.</param>
/// <param name="Times">How often it was measured.</param>
/// <param name="Promise">What it must stay under; null where nothing is promised.</param>
internal sealed record DaemonFigure(string Name, string Unit, double Value, double Best, int Times, double? Promise)
{
    /// <summary>Whether the median is above what is promised.</summary>
    public bool IsBroken => Value > Promise;

    /// <summary>A figure of measured values.</summary>
    public static DaemonFigure Of(string name, string unit, double? promise, IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new DaemonFigure(name, unit, sorted[sorted.Length / 2], sorted[0], sorted.Length, promise);
    }
}
