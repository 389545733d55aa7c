using System.Globalization;
using OpdCode.Daemon.Bench;

namespace OpdCode.Daemon.Tests.Bench;

/// <summary>The estimate before a run against what runs took. Peaks are properties of Linux's C library too, so figures are held only there.</summary>
[Collection(BenchTestsCollection.Name)]
public sealed class MemoryBenchmarkTests
{
    public static TheoryData<string> Names => [.. MemoryCase.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_estimate_is_within_a_fifth_of_what_was_measured(string name)
    {
        string folder = Directory.CreateTempSubdirectory("memory-").FullName;
        double estimated = MemoryBenchmark.Estimate(MemoryCase.All.First(c => c.Name == name), folder) / 1e6;
        Directory.Delete(folder, recursive: true);
        // The table of the documentation is what "opdcode bench memory" printed.
        string row = File.ReadLines(Documentation()).First(l => l.StartsWith($"| {name} |", StringComparison.Ordinal));
        double[] numbers = [.. row.Split('|', StringSplitOptions.TrimEntries)[2..4].Select(n => double.Parse(n, NumberStyles.AllowThousands, CultureInfo.InvariantCulture))];
        if (!OperatingSystem.IsLinux()) return;
        Assert.Equal(numbers[0], estimated, numbers[0] * 0.01);
        Assert.InRange(estimated / numbers[1], 0.8, 1.2);
    }

    private static string Documentation()
    {
        DirectoryInfo? up = new(AppContext.BaseDirectory);
        while (up is not null && !File.Exists(Path.Combine(up.FullName, "OpdCode.sln"))) up = up.Parent;
        return Path.Combine(up!.FullName, "docs", "memory.md");
    }

    [Fact]
    public void A_run_takes_what_was_estimated()
    {
        MemoryResult result = MemoryBenchmark.Measure(new MemoryCase("small", new(384, 4, 6, 2, 1024, 16_000), new(256, 4, 4, 2, 704, 16_000), 32,
            "rollout.promptsPerStep=16", "rollout.maxNewTokens=48"));
        Assert.InRange(result.Ratio, OperatingSystem.IsLinux() ? 0.8 : 0.5, OperatingSystem.IsLinux() ? 1.2 : 2);
    }
}
