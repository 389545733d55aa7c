using System.Globalization;
using System.Text;
using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// Reads the plain files of a run folder, also while the run goes on: files are opened shared, a file that does not
/// exist (yet) is empty, and a torn last line is left out, because the writer may be in the middle of it or may have
/// been killed there. A malformed line before the last is damage: OPD3003 names file and line.
/// </summary>
public sealed class RunReader
{
    private RunReader(string folder) => Folder = folder;

    /// <summary>The full path of the run folder.</summary>
    public string Folder { get; }

    /// <summary>Opens a run folder.</summary>
    /// <param name="folder">Path of the folder.</param>
    /// <exception cref="OpdException">OPD1002: no such folder. OPD3003: it holds nothing of a run.</exception>
    public static RunReader Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string path = Path.GetFullPath(folder);
        if (!Directory.Exists(path))
        {
            throw new OpdException(ErrorCodes.FileNotFound, $"There is no folder {path}. Give the folder that `opdcode run` wrote.");
        }

        string[] parts = ["recipe.json", "events.jsonl", "metrics.jsonl", "answers.jsonl"];
        if (!parts.Any(part => File.Exists(Path.Combine(path, part))) && !Directory.Exists(Path.Combine(path, "rollouts")))
        {
            throw new OpdException(
                ErrorCodes.RunFolder,
                $"{path} is not a run folder: none of {string.Join(", ", parts)} or rollouts is in it. Give the folder that `opdcode run` wrote.");
        }

        return new RunReader(path);
    }

    /// <summary>The resolved recipe as it was written, <c>run</c> included; null when not recorded.</summary>
    /// <exception cref="OpdException">OPD3003: recipe.json is not a JSON object.</exception>
    public JsonElement? ReadRecipe() => ReadObject<JsonElement?>("recipe.json");

    /// <summary>The <c>run</c> object of the recipe; null when not recorded.</summary>
    /// <exception cref="OpdException">OPD3003: recipe.json cannot be read.</exception>
    public RunInfo? ReadRunInfo()
    {
        if (ReadRecipe() is not JsonElement recipe || !recipe.TryGetProperty("run", out JsonElement run))
        {
            return null;
        }

        try
        {
            return run.Deserialize<RunInfo>(RunJson.Options);
        }
        catch (JsonException failure)
        {
            throw Damaged("recipe.json", null, failure);
        }
    }

    /// <summary>What happened to the run, in order.</summary>
    /// <exception cref="OpdException">OPD3003: a line cannot be read.</exception>
    public IReadOnlyList<RunEvent> ReadEvents() => [.. ReadLines<RunEvent>("events.jsonl")];

    /// <summary>What each metric measures, by its name in <c>metrics.jsonl</c>.</summary>
    /// <exception cref="OpdException">OPD3003: metrics.labels.json cannot be read.</exception>
    public IReadOnlyDictionary<string, MetricLabel> ReadMetricLabels() =>
        ReadObject<Dictionary<string, MetricLabel>>("metrics.labels.json") ?? [];

    /// <summary>
    /// The numbers of every step, ordered by step. A run that was resumed wrote some steps twice: the later line wins,
    /// because it is what the weights went on from; numbers that only the earlier line has are kept.
    /// </summary>
    /// <exception cref="OpdException">OPD3003: a line cannot be read.</exception>
    public IReadOnlyList<StepMetrics> ReadMetrics()
    {
        SortedDictionary<int, Dictionary<string, double>> steps = [];
        foreach (StepMetrics line in ReadLines<StepMetrics>("metrics.jsonl"))
        {
            if (!steps.TryGetValue(line.Step, out Dictionary<string, double>? values))
            {
                steps[line.Step] = values = [];
            }

            foreach ((string name, double value) in line.Values)
            {
                values[name] = value;
            }
        }

        return [.. steps.Select(step => new StepMetrics(step.Key, step.Value))];
    }

    /// <summary>Greedy answers before and after, in the order of the held-out file.</summary>
    /// <exception cref="OpdException">OPD3003: a line cannot be read.</exception>
    public IReadOnlyList<AnswerRecord> ReadAnswers() => [.. ReadLines<AnswerRecord>("answers.jsonl")];

    /// <summary>The steps that recorded rollouts, ascending.</summary>
    public IReadOnlyList<int> RolloutSteps()
    {
        string folder = Path.Combine(Folder, "rollouts");
        if (!Directory.Exists(folder))
        {
            return [];
        }

        List<int> steps = [];
        foreach (string file in Directory.EnumerateFiles(folder, "step-*.jsonl"))
        {
            string digits = Path.GetFileNameWithoutExtension(file)["step-".Length..];
            if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int step)
                && Path.GetFileName(file) == RunJson.RolloutFileName(step))
            {
                steps.Add(step);
            }
        }

        steps.Sort();
        return steps;
    }

    /// <summary>The rollouts of a step, read as they are asked for: one line is in memory at a time.</summary>
    /// <param name="step">One of <see cref="RolloutSteps"/>; another gives nothing.</param>
    /// <exception cref="OpdException">OPD3003: a line cannot be read, or its arrays do not fit its tokens.</exception>
    public IEnumerable<RolloutRecord> ReadRollouts(int step)
    {
        string name = Path.Combine("rollouts", RunJson.RolloutFileName(step));
        return ReadLines<RolloutRecord>(name, RolloutShape.Problem);
    }

    private T? ReadObject<T>(string name)
    {
        string path = Path.Combine(Folder, name);
        if (!File.Exists(path))
        {
            return default;
        }

        try
        {
            using FileStream stream = OpenShared(path);
            T? value = JsonSerializer.Deserialize<T>(stream, RunJson.Options);
            if (value is null or JsonElement { ValueKind: not JsonValueKind.Object })
            {
                throw new JsonException("an object was expected");
            }

            return value;
        }
        catch (JsonException failure)
        {
            throw Damaged(name, null, failure);
        }
    }

    private IEnumerable<T> ReadLines<T>(string name, Func<T, string?>? problemOf = null)
    {
        string path = Path.Combine(Folder, name);
        if (!File.Exists(path))
        {
            yield break;
        }

        using StreamReader reader = new(OpenShared(path), Encoding.UTF8);
        JsonException? failure = null;
        int failedLine = 0;
        int number = 0;
        while (reader.ReadLine() is string line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            if (failure is not null)
            {
                throw Damaged(name, failedLine, failure); // not the last line, so not torn
            }

            if (TryParse(line, problemOf, out T? value, out failure))
            {
                yield return value!;
            }
            else
            {
                failedLine = number;
            }
        }
    }

    private static bool TryParse<T>(string line, Func<T, string?>? problemOf, out T? value, out JsonException? failure)
    {
        failure = null;
        value = default;
        try
        {
            value = JsonSerializer.Deserialize<T>(line, RunJson.Options);
            string? problem = value is null ? "an object was expected" : problemOf?.Invoke(value);
            failure = problem is null ? null : new JsonException(problem);
        }
        catch (JsonException caught)
        {
            failure = caught;
        }

        return failure is null;
    }

    private static FileStream OpenShared(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private OpdException Damaged(string name, int? line, JsonException failure)
    {
        string where = line is int number ? $"{Path.Combine(Folder, name)}, line {number}" : Path.Combine(Folder, name);
        return new OpdException(
            ErrorCodes.RunFolder,
            $"{where}: {failure.Message.TrimEnd('.')}. The file was damaged after the run wrote it; restore it, or remove what is damaged.",
            failure);
    }
}
