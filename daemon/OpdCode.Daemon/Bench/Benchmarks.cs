namespace OpdCode.Daemon.Bench;

/// <summary>The list of benchmarks: adding one is a line here.</summary>
internal static class Benchmarks
{
    public static IReadOnlyList<IBenchmark> All { get; } =
    [
        new LossBenchmark(),
        new CaseBenchmark("rollout", "Measure the student writing: a batch of samples, and one text alone.", new Dictionary<string, Func<BenchSetting, IBenchCase>>
        {
            ["rollout/64x4"] = setting => new RolloutCase(setting),
            ["rollout/decode-1"] = setting => new DecodeCase(setting),
        }),
    ];
}
