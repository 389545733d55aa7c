using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Stabilizers.WhatIf;
using OpdCode.Models.Native;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Daemon.Rollouts;

/// <summary>What other stabilizers would have done to a recorded rollout. Keeps the step that was asked about last: a slider asks again and again.</summary>
internal sealed class RolloutWhatIf
{
    private readonly Lock _gate = new();
    private ((string Folder, int Step, DateTime Written) Key, Recipe Recipe, RolloutRecord[] Step)? _last;

    /// <summary>The answer.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="rollout">The rollout, which is changed.</param>
    /// <param name="asked">Which stabilizers.</param>
    /// <exception cref="OpdException">OPD1301 or OPD1303: the stabilizers are no such, or mean nothing here. OPD3003: the run's recipe cannot be read.</exception>
    public WhatIf Of(string folder, RolloutLine rollout, WhatIfParams asked)
    {
        IReadOnlyList<StabilizerRecipe> stabilizers = StabilizerReader.Parse(asked.Stabilizers);
        (Recipe recipe, RolloutRecord[] step) = Step(folder, asked.Step);
        TorchRuntime.EnsureLoaded();
        foreach (string recorded in rollout.Numbers.Keys.Where(k => k.StartsWith("stages.", StringComparison.Ordinal) || k == "advantageShift").ToArray()) rollout.Numbers.Remove(recorded);
        if (step.Any(r => r.Stages is not null)) rollout.Numbers.Remove("mask"); // what stabilizers masked is what is asked about
        WhatIfAnswer answer = StabilizerWhatIf.Recompute(new WhatIfQuestion
        {
            Rollouts = step,
            Objective = recipe.Objective,
            Stabilizers = stabilizers,
            StepRollouts = recipe.Rollout.PromptsPerStep * recipe.Rollout.SamplesPerPrompt,
            Seed = recipe.Seed,
        });
        WhatIfRollout then = answer.Rollouts.Single(r => r.Index == asked.Index);
        HashSet<string> shown = ["weight"];
        float[] before = [.. Enumerable.Range(0, rollout.Tokens).Select(t => rollout.IsTrained(t) ? 1f : 0f)];
        foreach ((string name, float[] weights) in then.Stages)
        {
            if (!weights.AsSpan().SequenceEqual(before)) shown.Add($"stage:{name}");
            rollout.Numbers[$"stages.{name}"] = before = weights;
        }
        rollout.Numbers["weight"] = then.Weight;
        if (then.AdvantageShift is { } shift)
        {
            rollout.Numbers["advantageShift"] = shift;
            shown.Add("advantageShift");
        }
        (int[] starts, int[] ends) = TokenRanges.Of(rollout);
        int[] words = TokenGroups.Words(rollout.Response, starts, ends), lines = TokenGroups.Lines(rollout.Response, starts);
        return new WhatIf
        {
            Columns = [.. ColumnKind.Of(rollout).Where(k => shown.Contains(k.Name)).Select(k => FeedbackPage.Column(k, rollout, words, lines, ..))],
            Notes = [.. answer.NotRecomputed.Select(gap => $"{gap.Name} is left out: {gap.Why}"), .. answer.Notes],
            Settings = [.. answer.Settings.Select(s => new WhatIfSetting(s.Path, s.Title, s.Value, s.Minimum, s.Maximum))],
        };
    }

    private (Recipe Recipe, RolloutRecord[] Step) Step(string folder, int step)
    {
        (string, int, DateTime) key = (folder, step, File.GetLastWriteTimeUtc(Path.Combine(folder, "rollouts", RunJson.RolloutFileName(step))));
        lock (_gate)
        {
            if (_last is not { } last || last.Key != key)
            {
                RunReader run = RunReader.Open(folder);
                // Only the last line of a position counts: a resumed run may have written the step again.
                _last = last = (key, RecipeOf(run), [.. run.ReadRollouts(step).GroupBy(r => r.Index).Select(g => g.Last())]);
            }
            return (last.Recipe, last.Step);
        }
    }

    private static Recipe RecipeOf(RunReader run)
    {
        JsonObject recipe = JsonSerializer.SerializeToNode(run.ReadRecipe(), RunJson.Options) as JsonObject
            ?? throw new OpdException(ErrorCodes.RunFolder, $"{run.Folder} has no recipe.json, so its objective is not known.");
        recipe.Remove("run"); // the run's own facts
        RecipeReading reading = RecipeReader.Parse(recipe.ToJsonString(), Path.Combine(run.Folder, "recipe.json"));
        return reading.Recipe ?? throw new OpdException(ErrorCodes.RunFolder,
            $"The recipe of {run.Folder} cannot be read, so its objective is not known: {reading.Problems.First(p => p.Severity == ProblemSeverity.Error).Message}");
    }
}
