using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation.Runs.Checkpoints;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Runs;

/// <summary>Where a run can go on: its recipe, the newest checkpoint that is whole, and what is to be said about it. Reads only.</summary>
internal sealed record ResumePlan
{
    /// <summary>The run's own recipe, as its folder holds it.</summary>
    public required RecipeReading Reading { get; init; }

    /// <summary>What the run recorded about itself.</summary>
    public required RunInfo Info { get; init; }

    /// <summary>The step to go on from; null: from the beginning, because nothing was saved.</summary>
    public int? Step => Progress?.Step;

    /// <summary>The checkpoint to go on from; null: from the beginning.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>Its counters; null: from the beginning.</summary>
    public RunProgress? Progress { get; init; }

    /// <summary>Newer checkpoints that must not be used, with the reason.</summary>
    public required IReadOnlyList<(int Step, string Problem)> Damaged { get; init; }

    /// <summary>Inputs that are not what they were, in words; empty unless that was accepted.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>Reads a run folder.</summary>
    /// <exception cref="OpdException">
    /// OPD1002 or OPD3003: no run, or one that cannot be read. OPD3006: it has finished. OPD3012: an input has changed.
    /// </exception>
    public static ResumePlan Read(RunFolder folder, ChangedInputs changed)
    {
        RunReader run = RunReader.Open(folder.Path);
        RunInfo info = run.ReadRunInfo() ?? new RunInfo();
        if (run.ReadEvents() is [.., { Event: "finished" } last])
            throw new OpdException(ErrorCodes.RunStateInvalid, $"{folder.Path} finished at step {last.Step}; there is nothing left to do. To train on, start a run whose student.model is its last checkpoint.");

        RecipeReading reading = ReadRecipe(folder, info);
        RunInputs inputs = RunInputs.Of(reading);
        var files = new CheckpointFolder(folder.CheckpointsPath);
        var damaged = new List<(int, string)>();
        string? checkpoint = null;
        foreach (int step in files.Steps())
        {
            string? problem = CheckpointManifest.Problem(files.PathOf(step), step);
            if (problem is null)
            {
                checkpoint = files.PathOf(step);
                break;
            }
            damaged.Add((step, problem));
        }
        RunProgress? progress = checkpoint is null ? null : CheckpointStore.ReadProgress(checkpoint);

        string[] changes = [.. inputs.Changes(info), .. RecipeChange(folder, progress)];
        if (changes.Length > 0 && changed == ChangedInputs.Refuse)
        {
            throw new OpdException(ErrorCodes.InputsChanged,
                $"{string.Join(' ', changes)} Going on would give the result of neither. Put back what was there, start a new run, or accept the change (--accept-changes).");
        }
        return new ResumePlan { Reading = reading, Info = info, Checkpoint = checkpoint, Progress = progress, Damaged = damaged, Changes = changes };
    }

    private static RecipeReading ReadRecipe(RunFolder folder, RunInfo info)
    {
        string path = Path.Combine(folder.Path, "recipe.json");
        JsonObject json;
        try
        {
            json = JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("an object was expected");
        }
        catch (JsonException failure)
        {
            throw new OpdException(ErrorCodes.RunFolder, $"{path} cannot be read: {failure.Message} It was damaged after the run wrote it.", failure);
        }
        json.Remove("run");
        // As if it lay where the recipe was: what is relative in it stays relative to that folder.
        RecipeReading reading = RecipeReader.Parse(json.ToJsonString(), Path.Combine(info.RecipeFolder ?? folder.Path, "recipe.json"));
        if (reading.Recipe is not null) return reading;
        Problem problem = reading.Problems.First(p => p.Severity == ProblemSeverity.Error);
        throw new OpdException(problem.Code, $"{path}: {problem.Message} The file was edited, or another version of OpdCode wrote it.");
    }

    private static IEnumerable<string> RecipeChange(RunFolder folder, RunProgress? progress)
    {
        string path = Path.Combine(folder.Path, "recipe.json");
        if (progress?.RecipeHash is string hash && hash != CheckpointManifest.Hash(path)) yield return $"{path} was edited after the checkpoint of step {progress.Step} was written.";
    }
}
