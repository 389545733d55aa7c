using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation.Runs;
using OpdCode.Models.Tokenization;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Rollouts.Import;

/// <summary>Makes a run folder of another engine's token dump. The folder has its name only when it is complete.</summary>
/// <param name="runs">Where run folders are.</param>
/// <param name="time">Names the folder.</param>
internal sealed class RolloutImport(string runs, TimeProvider time)
{
    private readonly Dictionary<int, (int Rollouts, double Tokens, double Reward, int Rewarded)> _steps = [];

    /// <summary>Reads the dump.</summary>
    /// <param name="asked">Which file, of which format.</param>
    /// <param name="progress">Gets how much is read, 0 to 1.</param>
    /// <param name="cancel">Leaves nothing behind.</param>
    /// <returns>The run.</returns>
    /// <exception cref="OpdException">OPD1002 or OPD2901: the file cannot be read. OPD1201: a line is not of the format. OPD3003: the run folder cannot be written.</exception>
    public async Task<Run> Read(ImportRolloutsParams asked, Func<double, Task> progress, CancellationToken cancel)
    {
        ImportFormat.Require(asked.Format);
        if (Path.GetExtension(asked.Path).Equals(".parquet", StringComparison.OrdinalIgnoreCase))
            throw new OpdException(ErrorCodes.DataLineInvalid, $"{asked.Path} is Parquet; JSON lines are read. Convert it with pandas: read_parquet(\"…\").to_json(\"….jsonl\", orient=\"records\", lines=True).");
        ModelTokenizer? tokenizer = asked.Tokenizer is { } folder ? ModelTokenizer.Load(folder) : null;
        DateTimeOffset now = time.GetUtcNow();
        string id = NewId(asked.Path, now), unfinished = Path.Combine(runs, $".{id}.importing");
        try
        {
            Directory.CreateDirectory(Path.Combine(unfinished, "rollouts"));
            await Lines(asked, tokenizer, unfinished, progress, cancel);
            WriteRest(unfinished, id, asked, now);
            Directory.Move(unfinished, Path.Combine(runs, id));
        }
        catch (Exception failure) when (failure is (IOException or UnauthorizedAccessException) and not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{unfinished} cannot be written: {failure.Message}", failure);
        }
        finally
        {
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        }
        int last = _steps.Keys.Max();
        return new Run
        {
            Id = id,
            Folder = Path.Combine(runs, id),
            Name = Path.GetFileNameWithoutExtension(asked.Path),
            State = RunState.Completed,
            Step = last,
            Steps = last,
            Created = now,
            Started = now,
            Ended = now,
            Latest = new Dictionary<string, double>(),
            Imported = true,
        };
    }

    private string NewId(string path, DateTimeOffset now)
    {
        string name = new([.. Path.GetFileNameWithoutExtension(path).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-')]);
        string id = $"imported-{(name.Length > 60 ? name[..60] : name)}-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}";
        return Enumerable.Range(2, 1000).Select(i => FormattableString.Invariant($"{id}-{i}")).Prepend(id).First(i => !Directory.Exists(Path.Combine(runs, i)));
    }

    private async Task Lines(ImportRolloutsParams asked, ModelTokenizer? tokenizer, string folder, Func<double, Task> progress, CancellationToken cancel)
    {
        using var stream = new FileStream(asked.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, new UTF8Encoding(false, throwOnInvalidBytes: false));
        int number = 0;
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                foreach (ImportedRow row in ImportFormat.Read(line, asked.Format, asked.Path)) Append(folder, row, tokenizer);
            }
            catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new OpdException(ErrorCodes.DataLineInvalid, $"{asked.Path}, line {number}: {failure.Message.Split(" LineNumber", 2)[0].TrimEnd('.')}. Expected is what prime-rl, TRL or ms-swift write, with one number a token.", failure);
            }
            await progress(stream.Length == 0 ? 1 : stream.Position / (double)stream.Length);
        }
        if (_steps.Count == 0) throw new OpdException(ErrorCodes.DataLineInvalid, $"{asked.Path} holds no rollouts.");
    }

    private void Append(string folder, ImportedRow row, ModelTokenizer? tokenizer)
    {
        JsonObject json = ImportedRecord.Of(row, tokenizer, out int tokens);
        (int rollouts, double all, double reward, int rewarded) = _steps.GetValueOrDefault(row.Step);
        json["step"] = row.Step;
        json["index"] = rollouts;
        File.AppendAllText(Path.Combine(folder, "rollouts", RunJson.RolloutFileName(row.Step)), json.ToJsonString(RunJson.Options) + "\n", new UTF8Encoding(false));
        _steps[row.Step] = (rollouts + 1, all + tokens, reward + (row.Reward ?? 0), rewarded + (row.Reward is null ? 0 : 1));
    }

    private void WriteRest(string folder, string id, ImportRolloutsParams asked, DateTimeOffset now)
    {
        var recipe = new JsonObject
        {
            ["version"] = 1,
            ["name"] = Path.GetFileNameWithoutExtension(asked.Path),
            ["steps"] = _steps.Keys.Max(),
            ["imported"] = new JsonObject { ["path"] = asked.Path, ["format"] = asked.Format },
            ["run"] = JsonSerializer.SerializeToNode(new RunInfo { Id = id, Started = now }, RunJson.Options),
        };
        Write("recipe.json", recipe.ToJsonString(RunJson.Options));
        Write("events.jsonl", JsonSerializer.Serialize(new RunEvent { Time = now, Event = "imported", Step = _steps.Keys.Max(), Message = asked.Path }, RunJson.Options));
        Write("metrics.jsonl", string.Join("\n", _steps.OrderBy(s => s.Key).Select(s => JsonSerializer.Serialize(Metrics(s.Key, s.Value), RunJson.Options))));
        Write("metrics.labels.json", JsonSerializer.Serialize(new Dictionary<string, MetricLabel>
        {
            ["responseLength"] = new() { Title = "Response length", Unit = "tokens, mean over the imported responses of the step" },
            ["reward"] = new() { Title = "Reward", Unit = "as the other engine wrote it, mean over the imported responses of the step", Sign = "higher is better" },
        }, RunJson.Options));

        void Write(string name, string text) => File.WriteAllText(Path.Combine(folder, name), text + "\n", new UTF8Encoding(false));
    }

    private static StepMetrics Metrics(int step, (int Rollouts, double Tokens, double Reward, int Rewarded) sums)
    {
        var values = new Dictionary<string, double> { ["responseLength"] = sums.Tokens / sums.Rollouts };
        if (sums.Rewarded > 0) values["reward"] = sums.Reward / sums.Rewarded;
        return new StepMetrics(step, values);
    }
}
