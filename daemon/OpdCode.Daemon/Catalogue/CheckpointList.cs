using System.Globalization;
using System.Text.Json;
using OpdCode.Daemon.Work;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>The complete checkpoints of a run folder.</summary>
internal static class CheckpointList
{
    private const string Prefix = "checkpoint-";

    /// <summary>Steps with a checkpoint, ascending.</summary>
    public static IReadOnlyList<int> Steps(string folder)
    {
        string checkpoints = Path.Combine(folder, "checkpoints");
        if (!Directory.Exists(checkpoints)) return [];
        return [.. Directory.EnumerateDirectories(checkpoints, Prefix + "*").Select(p => StepOf(Path.GetFileName(p))).OfType<int>().Order()];
    }

    /// <summary>Full path of a step's checkpoint.</summary>
    /// <exception cref="OpdException">OPD3004: there is none.</exception>
    public static string PathOf(string folder, int step)
    {
        string path = Path.Combine(folder, "checkpoints", FormattableString.Invariant($"{Prefix}{step}"));
        if (Directory.Exists(path)) return path;
        IReadOnlyList<int> steps = Steps(folder);
        throw new OpdException(ErrorCodes.CheckpointInvalid,
            $"{folder} has no checkpoint of step {step}. {(steps.Count == 0 ? "It has none yet." : $"There are those of step {string.Join(", ", steps)}.")}");
    }

    /// <summary>All of them, oldest first.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="accuracies">Accuracies that the run measured, by step.</param>
    public static IReadOnlyList<Checkpoint> Read(string folder, IReadOnlyDictionary<int, double> accuracies)
    {
        var scores = new Dictionary<int, double>(accuracies);
        foreach (CheckpointScore score in Evaluations(folder)) scores[score.Step] = score.Accuracy;
        IReadOnlyList<int> steps = Steps(folder);
        int? best = steps.Where(scores.ContainsKey).OrderByDescending(s => scores[s]).ThenBy(s => s).Select(s => (int?)s).FirstOrDefault();
        return [.. steps.Select(step =>
        {
            var place = new DirectoryInfo(PathOf(folder, step));
            return new Checkpoint
            {
                Step = step,
                Folder = place.FullName,
                Time = new DateTimeOffset(place.LastWriteTimeUtc, TimeSpan.Zero),
                Bytes = place.EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length),
                Accuracy = scores.TryGetValue(step, out double accuracy) ? accuracy : null,
                Latest = step == steps[^1],
                Best = step == best,
                HasAdapter = File.Exists(Path.Combine(place.FullName, "adapter", "adapter_config.json")),
            };
        })];
    }

    private static List<CheckpointScore> Evaluations(string folder)
    {
        var scores = new List<CheckpointScore>();
        new LineTail(Path.Combine(folder, RunFiles.Evaluations)).Read(line =>
        {
            try
            {
                if (JsonSerializer.Deserialize<CheckpointScore>(line, RunJson.Options) is { } score) scores.Add(score);
            }
            catch (JsonException)
            {
                // A score that cannot be read was not made.
            }
        });
        return scores;
    }

    private static int? StepOf(string name) => int.TryParse(name[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int step) ? step : null;
}
