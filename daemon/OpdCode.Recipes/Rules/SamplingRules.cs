using OpdCode.Protocol;
using OpdCode.Recipes.Editing;

namespace OpdCode.Recipes.Rules;

/// <summary>Does the student write what the loss believes it wrote?</summary>
internal static class SamplingRules
{
    public static void Check(RuleContext recipe)
    {
        string? objective = recipe.Text("objective.kind");
        if (objective is null or "supervised") return;
        CheckTruncation(recipe, objective);
        CheckTemperature(recipe, objective);
        CheckGreedy(recipe, objective);
    }

    private static void CheckTruncation(RuleContext recipe, string objective)
    {
        string why = objective == "divergence"
            ? "The loss compares whole distributions, but tokens outside the cut are never visited, so the student is not taught where it really goes"
            : "The log-ratio is taken from the whole distribution while tokens come from the cut one, so the estimate of the gradient is biased";
        if (recipe.Number("rollout.topP") is { } topP && topP < 1)
            recipe.Warn(ErrorCodes.TruncatedSampling, "rollout.topP", $"rollout.topP is {RuleContext.Show(topP)}: sampling is truncated under an on-policy loss. {why}. Set it to 1.", Cure.Set("rollout.topP", "1"));
        if (recipe.Number("rollout.topK") is { } topK && topK > 0)
            recipe.Warn(ErrorCodes.TruncatedSampling, "rollout.topK", $"rollout.topK is {topK}: sampling is truncated under an on-policy loss. {why}. Set it to 0.", Cure.Set("rollout.topK", "0"));
    }

    private static void CheckTemperature(RuleContext recipe, string objective)
    {
        if (recipe.Number("rollout.temperature") is not { } sampling || sampling == 0) return;
        // Without a temperature of its own the loss is at temperature 1.
        double loss = recipe.Number("objective.studentTemperature") ?? 1;
        if (sampling == loss) return;
        recipe.Warn(ErrorCodes.TemperaturesDiffer, "rollout.temperature",
            objective == "divergence"
                ? $"The student samples at temperature {RuleContext.Show(sampling)} but the loss sees it at {RuleContext.Show(loss)}: it is taught on states that the trained model does not visit. Use one temperature for both."
                : $"The student samples at temperature {RuleContext.Show(sampling)} but its log-probabilities are taken at {RuleContext.Show(loss)}: the estimate of the gradient is biased. Sample at {RuleContext.Show(loss)}.",
            Cure.Set("rollout.temperature", RuleContext.Show(loss)));
    }

    private static void CheckGreedy(RuleContext recipe, string objective)
    {
        if (recipe.Number("rollout.temperature") != 0) return;
        if (objective != "divergence")
            recipe.Warn(ErrorCodes.GreedyRollouts, "rollout.temperature",
                "rollout.temperature is 0: the most likely token is no sample of the student, and this objective needs samples. Set it to 1.", Cure.Set("rollout.temperature", "1"));
        else if (recipe.Number("rollout.samplesPerPrompt") is { } samples && samples > 1)
            recipe.Warn(ErrorCodes.GreedyRollouts, "rollout.temperature",
                $"rollout.temperature is 0, so all {samples} rollouts of a prompt are the same text. Set it to 1, or rollout.samplesPerPrompt to 1.", Cure.Set("rollout.temperature", "1"));
    }
}
