using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation.Runs.Checkpoints;
using OpdCode.Models.Weights;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// Writes a run's plain files. Lines are appended and flushed, nothing is rewritten in place, so a process that dies
/// leaves at most one torn last line. One thread at a time: the run's <see cref="OrderedWriter"/>, or the loop when that is idle.
/// </summary>
public sealed class RunFolder
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly HashSet<string> _unflushed = []; // files with lines that the system may still hold in memory

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

    /// <summary>Opens the folder of a run that is to go on.</summary>
    /// <exception cref="OpdException">OPD1002: no such folder. OPD3003: it holds no run.</exception>
    public static RunFolder Continue(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(path)) throw new OpdException(ErrorCodes.FileNotFound, $"There is no folder {path}. Give the folder that `opdcode run` wrote.");
        if (!File.Exists(System.IO.Path.Combine(path, "recipe.json")))
            throw new OpdException(ErrorCodes.RunFolder, $"{path} holds no run that could go on: recipe.json is not in it. Start the recipe anew with `opdcode run`.");
        return new RunFolder(path);
    }

    /// <summary>Where checkpoints go.</summary>
    public string CheckpointsPath => System.IO.Path.Combine(Path, "checkpoints");

    /// <summary>Writes recipe.json: the resolved recipe with the run's own facts under "run".</summary>
    public void WriteRecipe(JsonObject recipe, RunInfo run)
    {
        recipe["run"] = JsonSerializer.SerializeToNode(run, RunJson.Options);
        WriteWhole("recipe.json", recipe.ToJsonString(RunJson.Indented) + "\n");
    }

    /// <summary>Writes what every metric means.</summary>
    public void WriteLabels(IReadOnlyDictionary<string, MetricLabel> labels) => WriteWhole("metrics.labels.json", JsonSerializer.Serialize(labels, RunJson.Indented) + "\n");

    /// <summary>Appends to events.jsonl.</summary>
    public void Append(RunEvent happened) => AppendLine("events.jsonl", happened);

    /// <summary>Appends to metrics.jsonl.</summary>
    public void Append(StepMetrics metrics) => AppendLine("metrics.jsonl", metrics);

    /// <summary>Appends a step's token feedback to rollouts/step-N.jsonl.</summary>
    public void Append(int step, IReadOnlyList<RolloutRecord> rollouts)
    {
        if (rollouts.Count > 0) AppendLines(System.IO.Path.Combine("rollouts", RunJson.RolloutFileName(step)), rollouts);
    }

    /// <summary>Writes answers.jsonl: every held-out prompt with the answer before and after. All of it or nothing.</summary>
    public void WriteAnswers(IReadOnlyList<AnswerRecord> answers) => WriteWhole("answers.jsonl", Lines(answers));

    /// <summary>Has the disk hold every line written so far, so that a power failure cannot take one from before a checkpoint.</summary>
    internal void FlushToDisk() => Guard(() =>
    {
        foreach (string file in _unflushed)
        {
            using var stream = new FileStream(System.IO.Path.Combine(Path, file), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            stream.Flush(flushToDisk: true);
        }
        _unflushed.Clear();
    });

    /// <summary>Brings lines and checkpoints back to where a run is to go on from; see <see cref="RunRewind"/>.</summary>
    internal void GoBackTo(ResumePlan plan) => Guard(() =>
    {
        var checkpoints = new CheckpointFolder(CheckpointsPath);
        checkpoints.Tidy();
        if (plan.Step is int step) checkpoints.Point("latest", step);
        else checkpoints.Unpoint("latest");
        if (plan.Progress?.BestStep is int best && checkpoints.Steps().Contains(best)) checkpoints.Point("best", best);
        else checkpoints.Unpoint("best");
        foreach ((int damaged, string _) in plan.Damaged) checkpoints.SetAside(damaged);
        RunRewind.To(Path, plan.Step ?? -1);
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "rollouts"));
    });

    private static string Lines<T>(IReadOnlyList<T> values)
    {
        var text = new StringBuilder();
        foreach (T value in values) text.Append(JsonSerializer.Serialize(value, RunJson.Options)).Append('\n');
        return text.ToString();
    }

    private void AppendLine<T>(string file, T value) => AppendLines(file, [value]);

    private void AppendLines<T>(string file, IReadOnlyList<T> values)
    {
        byte[] text = s_utf8.GetBytes(Lines(values));
        Guard(() =>
        {
            using var stream = new FileStream(System.IO.Path.Combine(Path, file), FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            stream.Write(text);
        });
        _unflushed.Add(file);
    }

    private void WriteWhole(string file, string text)
    {
        using var whole = new WholeFile();
        whole.Write(System.IO.Path.Combine(Path, file), stream => stream.Write(s_utf8.GetBytes(text)));
        whole.Commit();
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
}
