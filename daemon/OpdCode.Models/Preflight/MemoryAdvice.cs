using System.Globalization;
using OpdCode.Recipes;
using OpdCode.Recipes.Editing;

namespace OpdCode.Models.Preflight;

/// <summary>Finds settings with which a run fits: first those that change no number, then those that round, then those that train less.</summary>
internal static class MemoryAdvice
{
    /// <summary>What must be set, and what the run needs then; null where nothing here makes it fit.</summary>
    /// <param name="inputs">The run as it is.</param>
    /// <param name="limit">Bytes that it may need.</param>
    public static (Cure Cure, MemoryEstimate Estimate)? Find(MemoryInputs inputs, long limit)
    {
        Recipe recipe = inputs.Recipe;
        List<SettingChange> changes = [];
        foreach (Func<Recipe, (Recipe Recipe, SettingChange Change)?> step in Steps(recipe))
        {
            if (step(recipe) is not { } next) continue;
            recipe = next.Recipe;
            changes.RemoveAll(c => c.Setting == next.Change.Setting);
            changes.Add(next.Change);
            MemoryEstimate estimate = MemoryEstimator.Estimate(inputs with { Recipe = recipe });
            if (estimate.Peak > limit) continue;
            return (new Cure($"Set {string.Join(", ", changes.Select(c => $"{c.Setting} to {c.Value}"))}", changes), estimate);
        }
        return null;
    }

    private static IEnumerable<Func<Recipe, (Recipe, SettingChange)?>> Steps(Recipe recipe)
    {
        long sequences = (long)recipe.Rollout.PromptsPerStep * (recipe.Objective is SupervisedObjectiveRecipe ? 1 : recipe.Rollout.SamplesPerPrompt);
        long micro = recipe.Optimizer.MicroBatch > 0 ? Math.Min(recipe.Optimizer.MicroBatch, sequences) : sequences;
        // A group is never split, and rewards of a whole batch are compared in one.
        long least = recipe.Rewards.Count > 0 ? Math.Min(micro, recipe.Rollout.SamplesPerPrompt) : 1;
        bool splits = recipe.Objective is not GroupRewardObjectiveRecipe { ScaleRewards: "batch" };
        for (long size = micro / 2; splits && size >= least; size /= 2)
        {
            int now = (int)size;
            yield return r => (r with { Optimizer = r.Optimizer with { MicroBatch = now } }, new SettingChange("optimizer.microBatch", now.ToString(CultureInfo.InvariantCulture)));
        }
        yield return r => r.Optimizer.ActivationCheckpointing ? null
            : (r with { Optimizer = r.Optimizer with { ActivationCheckpointing = true } }, new SettingChange("optimizer.activationCheckpointing", "true"));
        yield return r => r.Signal is not TeacherSignalRecipe { Type: "float32" } teacher ? null
            : (r with { Signal = teacher with { Type = "bfloat16" } }, new SettingChange("signal.type", "\"bfloat16\""));
        yield return r => r.Student.Type == "bfloat16" ? null
            : (r with { Student = r.Student with { Type = "bfloat16" } }, new SettingChange("student.type", "\"bfloat16\""));
        yield return r => r.Student.Lora is not null || r.Student.FromScratch ? null
            : (r with { Student = r.Student with { Lora = new LoraRecipe() } }, new SettingChange("student.lora", "{ \"r\": 16 }"));
        for (int prompts = recipe.Rollout.PromptsPerStep / 2; prompts >= 1; prompts /= 2)
        {
            int now = prompts;
            yield return r => (r with { Rollout = r.Rollout with { PromptsPerStep = now } }, new SettingChange("rollout.promptsPerStep", now.ToString(CultureInfo.InvariantCulture)));
        }
    }
}
