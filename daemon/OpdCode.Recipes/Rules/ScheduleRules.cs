using OpdCode.Protocol;
using OpdCode.Recipes.Editing;

namespace OpdCode.Recipes.Rules;

/// <summary>Things that are asked to happen and never would.</summary>
internal static class ScheduleRules
{
    public static void Check(RuleContext recipe)
    {
        if (recipe.Number("steps") is not { } steps) return;
        if (recipe.Number("optimizer.warmupSteps") is { } warmup && warmup > 0 && warmup >= steps)
            recipe.Warn(ErrorCodes.WarmupTooLong, "optimizer.warmupSteps", $"optimizer.warmupSteps is {warmup} and the run has {steps} steps: the learning rate never reaches its peak. Usual is up to a tenth of the steps.",
                Cure.Set("optimizer.warmupSteps", RuleContext.Show(Math.Floor(steps / 10))));
        foreach (string path in new[] { "evaluate.every", "checkpoint.every", "record.every" })
            if (recipe.IsChosen(path) && recipe.Number(path) is { } every && every > steps)
                recipe.Inform(ErrorCodes.NeverHappens, path, $"{path} is {every} and the run has {steps} steps: nothing happens between the first and the last.", Cure.Set(path, RuleContext.Show(steps)));
        if (recipe.IsChosen("record.rollouts") && recipe.Number("record.rollouts") is { } recorded
            && recipe.Number("rollout.promptsPerStep") * recipe.Number("rollout.samplesPerPrompt") is { } written && recorded > written)
            recipe.Inform(ErrorCodes.NeverHappens, "record.rollouts", $"record.rollouts is {recorded}, but a step has only {written} rollouts: all of them are recorded.", Cure.Set("record.rollouts", RuleContext.Show(written)));
    }
}
