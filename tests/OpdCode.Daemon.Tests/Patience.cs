using System.Diagnostics;

namespace OpdCode.Daemon.Tests;

/// <summary>
/// Waiting and measuring on machines that do other work at the same time: what is right passes however late it comes,
/// what is wrong fails after a time that no machine needs.
/// </summary>
internal static class Patience
{
    /// <summary>Nothing that goes well takes this long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Waits until something is so.</summary>
    /// <param name="reached">Is asked again and again.</param>
    /// <param name="missing">What to say when it never was.</param>
    public static async Task Until(Func<bool> reached, Func<string> missing)
    {
        long started = Stopwatch.GetTimestamp();
        while (!reached())
        {
            if (Stopwatch.GetElapsedTime(started) > Limit) Assert.Fail(missing());
            await Task.Delay(20);
        }
    }

    /// <summary>
    /// Measures until a measurement stays below a bound. Bounds are a hundred times what is promised: they find what grew
    /// with the square of something, on whatever machine. The promises themselves are held by <c>opdcode bench daemon</c>.
    /// </summary>
    /// <param name="milliseconds">The bound.</param>
    /// <param name="work">What is measured.</param>
    public static async Task Within(double milliseconds, Func<Task> work)
    {
        double best = double.MaxValue;
        for (long started = Stopwatch.GetTimestamp(); best > milliseconds && Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1);)
        {
            long begun = Stopwatch.GetTimestamp();
            await work();
            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        Assert.InRange(best, 0, milliseconds);
    }
}
