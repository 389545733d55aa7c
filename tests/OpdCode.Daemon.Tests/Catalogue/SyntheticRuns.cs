using OpdCode.Daemon.Work;

namespace OpdCode.Daemon.Tests.Catalogue;

/// <summary>Run folders without runs.</summary>
internal static class SyntheticRuns
{
    public static string Write(string runs, int i, string last = "finished")
    {
        string folder = Directory.CreateDirectory(Path.Combine(runs, $"run-{i:D5}")).FullName;
        DateTimeOffset time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(i);
        SmallFile.Write(Path.Combine(folder, RunFiles.Request), new RunRequest { Created = time, Name = $"synthetic {i}", RecipePath = Path.Combine(runs, "a.opd.json"), Recipe = "{}" });
        File.WriteAllText(Path.Combine(folder, "recipe.json"), $$"""{"version":1,"name":"synthetic","method":"{{(i % 2 == 0 ? "opd" : "gkd")}}","steps":100,"device":"cpu","run": { "started": "{{time:O}}" } }""");
        File.WriteAllText(Path.Combine(folder, "events.jsonl"), $$"""{"time":"{{time:O}}","event":"started","step":0}""" + "\n" + $$"""{"time":"{{time.AddHours(1):O}}","event":"{{last}}","step":100}""" + "\n");
        File.WriteAllText(Path.Combine(folder, "metrics.jsonl"), $$"""{"step":0,"accuracy":0.1}""" + "\n" + $$"""{"step":100,"loss":{{i}}.5,"accuracy":0.{{i % 90 + 10}},"seconds":1.5,"divergence":0.25,"gradientNorm":1.25,"learningRate":0.001,"responseTokens":128,"memoryBytes":1000000}""" + "\n");
        return folder;
    }
}
