namespace OpdCode.Daemon.Bench;

/// <summary>The list of benchmarks: adding one is a line here.</summary>
internal static class Benchmarks
{
    public static IReadOnlyList<IBenchmark> All { get; } =
    [
        new LossBenchmark(),
    ];
}
