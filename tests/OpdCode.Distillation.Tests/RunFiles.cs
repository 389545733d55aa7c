using System.Text.Json.Nodes;

namespace OpdCode.Distillation.Tests;

/// <summary>Holds the files of two runs of one recipe together, as any program would read them: no reader of ours between.</summary>
internal static class RunFiles
{
    // What a clock or the machine decides, not the recipe.
    private static readonly string[] s_timings = ["seconds", "rolloutTokensPerSecond", "trainTokensPerSecond", "memoryBytes"];

    /// <summary>Weights, training state, metrics, rollouts and answers are equal; nothing is lost or doubled.</summary>
    public static void AssertSame(string expected, string actual)
    {
        string newest = File.ReadAllText(Path.Combine(expected, "checkpoints", "latest"));
        Assert.Equal(newest, File.ReadAllText(Path.Combine(actual, "checkpoints", "latest")));
        string a = Path.Combine(expected, "checkpoints", newest.Trim()), b = Path.Combine(actual, "checkpoints", newest.Trim());
        string[] files = [.. Directory.EnumerateFiles(a, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(a, f)).Order()];
        Assert.Equal(files, Directory.EnumerateFiles(b, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(b, f)).Order());
        foreach (string file in files.Where(f => Path.GetFileName(f) is not ("progress.json" or "manifest.json"))) // seconds, and the hash of them
            Assert.True(File.ReadAllBytes(Path.Combine(a, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(b, file))), $"{file} differs");

        Assert.Equal(Metrics(expected), Metrics(actual));
        Assert.Equal(Rollouts(expected), Rollouts(actual));
        Assert.Equal(TensorBoardBytes(expected), TensorBoardBytes(actual)); // as many as the numbers and steps are, whatever the clock
        Assert.Equal(Text(expected, "answers.jsonl"), Text(actual, "answers.jsonl")); // there is none where nothing was evaluated
    }

    private static string? Text(string run, string name) => Path.Combine(run, name) is var path && File.Exists(path) ? File.ReadAllText(path) : null;

    private static string[] Metrics(string run) => [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(line =>
    {
        var values = (JsonObject)JsonNode.Parse(line)!;
        foreach (string timing in s_timings) values.Remove(timing);
        return values.ToJsonString();
    })];

    private static string[] Rollouts(string run) => [.. Directory.EnumerateFiles(Path.Combine(run, "rollouts")).Order(StringComparer.Ordinal).SelectMany(f => File.ReadLines(f).Prepend(Path.GetFileName(f)))];

    private static long TensorBoardBytes(string run) => Directory.EnumerateFiles(Path.Combine(run, "tensorboard")).Sum(f => new FileInfo(f).Length);
}
