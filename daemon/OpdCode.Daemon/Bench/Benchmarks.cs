namespace OpdCode.Daemon.Bench;

/// <summary>The list of benchmarks: adding one is a line here.</summary>
internal static class Benchmarks
{
    public static IReadOnlyList<IBenchmark> All { get; } =
    [
        new LossBenchmark(),
        new CaseBenchmark("rollout", "Measure the student writing: a batch of samples, and one text alone.", BenchCases.Rollout),
        new CaseBenchmark("score", "Measure a teacher's reading: packed against padded, found against computed, bfloat16 against float32; lengths 16 to 1,024.", BenchCases.Score),
        new CaseBenchmark("step", "Measure a step under full reverse KL: training, with the teacher's reading, and with the rollouts.", BenchCases.Step),
        new CaseBenchmark("optimizer", "Measure clip and AdamW over 50 million parameters, and their share of a step.", BenchCases.Optimizer),
        new CaseBenchmark("growth", "Measure eight times the tokens against once: a ratio of 1 is time in proportion.", BenchCases.Growth),
    ];
}
