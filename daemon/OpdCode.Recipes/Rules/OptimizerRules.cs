using OpdCode.Protocol;
using OpdCode.Recipes.Editing;

namespace OpdCode.Recipes.Rules;

/// <summary>Step sizes that people regretted, and settings of the optimizer that cancel one another.</summary>
internal static class OptimizerRules
{
    public static void Check(RuleContext recipe)
    {
        CheckLearningRate(recipe);
        if (recipe.Number("optimizer.beta1") is { } beta1 && recipe.Number("optimizer.beta2") is { } beta2 && beta1 > beta2)
            recipe.Warn(ErrorCodes.BoundsReversed, "optimizer.beta1",
                $"optimizer.beta1 is {RuleContext.Show(beta1)}, above optimizer.beta2, {RuleContext.Show(beta2)}: the mean would be slower than the variance it is divided by. Usual are 0.9 and 0.95 to 0.999.",
                new Cure("Set beta1 to 0.9 and beta2 to 0.95", new SettingChange("optimizer.beta1", "0.9"), new SettingChange("optimizer.beta2", "0.95")));
        if (recipe.Number("optimizer.microBatch") is { } micro && Sequences(recipe) is { } sequences && micro > sequences)
            recipe.Inform(ErrorCodes.SettingIgnored, "optimizer.microBatch", $"optimizer.microBatch is {micro}, but a step has only {sequences} sequences: nothing is split.", Cure.Remove("optimizer.microBatch"));
        if (recipe.Has("student.lora") && recipe.Flag("student.fromScratch"))
            recipe.Warn(ErrorCodes.LoraFromScratch, "student.lora",
                "A low-rank adapter on random weights: the weights themselves are never trained. Remove student.lora, or start from a trained model.", Cure.Remove("student.lora"));
    }

    // What is unusual for a model of any size; the preflight, which knows the size, asks more (OPD1109).
    private static void CheckLearningRate(RuleContext recipe)
    {
        const string path = "optimizer.learningRate";
        if (recipe.Number(path) is not { } rate) return;
        string shown = RuleContext.Show(rate);
        if (rate == 0)
        {
            recipe.Warn(ErrorCodes.LearningRateUnusual, path, "optimizer.learningRate is 0: nothing is learned.", Cure.Set(path, recipe.Has("student.lora") ? "1e-4" : "1e-5"));
            return;
        }
        if (recipe.Has("student.lora"))
        {
            if (rate is < 1e-6 or > 2e-3)
                recipe.Warn(ErrorCodes.LearningRateUnusual, path, $"optimizer.learningRate is {shown}; low-rank adapters are usually trained at 1e-5 to 1e-3 (most often 1e-4).", Cure.Set(path, "1e-4"));
        }
        else if (rate is < 1e-8 or > 1e-2)
        {
            recipe.Warn(ErrorCodes.LearningRateUnusual, path, $"optimizer.learningRate is {shown}; full weights are usually trained at 1e-6 to 5e-5, tiny models at up to 3e-3.", Cure.Set(path, "1e-5"));
        }
    }

    private static double? Sequences(RuleContext recipe) =>
        recipe.Text("objective.kind") == "supervised" ? recipe.Number("rollout.promptsPerStep") : recipe.Number("rollout.promptsPerStep") * recipe.Number("rollout.samplesPerPrompt");
}
