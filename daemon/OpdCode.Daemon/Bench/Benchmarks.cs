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
        new CaseBenchmark("score", "Measure a teacher's reading: packed against padded, lengths 16 to 1,024.",
            new Dictionary<string, Func<BenchSetting, IBenchCase>> { ["score/16-1024"] = setting => new ScoreCase(setting), ["score/cached"] = setting => new CachedScoreCase(setting) }),
        new CaseBenchmark("step", "Measure a training step under full reverse KL, without and with the teacher's reading.", new Dictionary<string, Func<BenchSetting, IBenchCase>>
        {
            ["step/train"] = setting => new StepCase(setting, withTeacher: false),
            ["step/score-train"] = setting => new StepCase(setting, withTeacher: true),
        }),
        new CaseBenchmark("optimizer", "Measure clip and AdamW over 50 million parameters.",
            new Dictionary<string, Func<BenchSetting, IBenchCase>> { ["optimizer/50M"] = setting => new OptimizerCase(setting) }),
    ];
}
