using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// Writes a run's plain files. Lines are appended and flushed before anyone is told, nothing is rewritten in place,
/// so a process that dies leaves at most one torn last line.
/// </summary>
public sealed class RunFolder
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private RunFolder(string path) => Path = path;

    /// <summary>The full path of the folder.</summary>
    public string Path { get; }

    /// <summary>Makes the folder, which must not hold a run already.</summary>
    /// <exception cref="OpdException">OPD3003 when it holds one, or cannot be written.</exception>
    public static RunFolder Create(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(System.IO.Path.Combine(path, "recipe.json")))
            throw new OpdException(ErrorCodes.RunFolder, $"{path} already holds a run. Give another folder with --out, or delete this one.");
        var folder = new RunFolder(path);
        folder.Guard(() => Directory.CreateDirectory(System.IO.Path.Combine(path, "rollouts")));
        return folder;
    }

    /// <summary>Where the checkpoint of a step goes.</summary>
    public string CheckpointPath(int step) => System.IO.Path.Combine(Path, "checkpoints", FormattableString.Invariant($"checkpoint-{step}"));

    /// <summary>Writes recipe.json: the resolved recipe with the run's own facts under "run".</summary>
    public void WriteRecipe(JsonObject recipe, RunInfo run)
    {
        recipe["run"] = JsonSerializer.SerializeToNode(run, RunJson.Options);
        Guard(() => File.WriteAllText(System.IO.Path.Combine(Path, "recipe.json"), recipe.ToJsonString(s_indented) + "\n", s_utf8));
    }

    /// <summary>Writes what every metric means.</summary>
    public void WriteLabels(IReadOnlyDictionary<string, MetricLabel> labels) =>
        Guard(() => File.WriteAllText(System.IO.Path.Combine(Path, "metrics.labels.json"), JsonSerializer.Serialize(labels, s_indented) + "\n", s_utf8));

    /// <summary>Appends to events.jsonl.</summary>
    public void Append(RunEvent happened) => AppendLine("events.jsonl", happened);

    /// <summary>Appends to metrics.jsonl.</summary>
    public void Append(StepMetrics metrics) => AppendLine("metrics.jsonl", metrics);

    /// <summary>Appends a step's token feedback to rollouts/step-N.jsonl.</summary>
    public void Append(int step, IReadOnlyList<RolloutRecord> rollouts)
    {
        if (rollouts.Count > 0) AppendLines(System.IO.Path.Combine("rollouts", RunJson.RolloutFileName(step)), rollouts);
    }

    /// <summary>Writes answers.jsonl: every held-out prompt with the answer before and after.</summary>
    public void WriteAnswers(IReadOnlyList<AnswerRecord> answers) => AppendLines("answers.jsonl", answers);

    private void AppendLine<T>(string file, T value) => AppendLines(file, [value]);

    private void AppendLines<T>(string file, IReadOnlyList<T> values)
    {
        var text = new StringBuilder();
        foreach (T value in values) text.Append(JsonSerializer.Serialize(value, RunJson.Options)).Append('\n');
        Guard(() =>
        {
            using var stream = new FileStream(System.IO.Path.Combine(Path, file), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            stream.Write(s_utf8.GetBytes(text.ToString()));
        });
    }

    /// <summary>Does something that writes into the folder; a failure of the disk is OPD3003.</summary>
    internal void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{Path} cannot be written: {failure.Message} What was written before is complete.", failure);
        }
    }

    private static readonly JsonSerializerOptions s_indented = new(RunJson.Options) { WriteIndented = true };
}
