using OpdCode.Protocol;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Recipes.Rules;

/// <summary>Settings of an objective that contradict one another, or that its choice leaves without effect.</summary>
internal static class ObjectiveRules
{
    // Which divergences look at a setting; with any other it has no effect.
    private static readonly (string Setting, string[] Divergences)[] s_users =
    [
        ("beta", ["jsd"]),
        ("alpha", ["skew-forward-kl", "skew-reverse-kl", "alpha"]),
        ("detachMixture", ["skew-forward-kl", "skew-reverse-kl"]),
        ("mass", ["adaptive-kl"]),
        ("generator", ["f-divergence"]),
        ("entropyThreshold", ["entropy-aware"]),
        ("coefficient", ["entropy-aware"]),
        ("topK", ["entropy-aware"]),
    ];

    public static void Check(RuleContext recipe)
    {
        string? kind = recipe.Text("objective.kind");
        if (kind == "divergence") CheckDivergence(recipe);
        if (kind == "supervised") CheckSupervised(recipe);
        if (kind == "policy-gradient" && recipe.Text("objective.estimator") == "k3")
            recipe.Error(ErrorCodes.ObjectiveRefused, "objective.estimator",
                "k3 estimates the reverse KL well, but back-propagated it follows the gradient of the forward KL. Use \"k1\", or choose the divergence objective.", Cure.Set("objective.estimator", "\"k1\""));
        if (recipe.Has("offPolicy.adaptive"))
        {
            if (kind is not (null or "divergence"))
                recipe.Error(ErrorCodes.ObjectiveRefused, "offPolicy.adaptive",
                    $"offPolicy.adaptive replays what the student wrote in earlier steps; the {kind} objective would take it for the student's of today. Choose the divergence objective, or a fixed offPolicy.share.", Cure.Remove("offPolicy.adaptive"));
            if (recipe.Flag("offPolicy.paired") || recipe.Number("offPolicy.share") > 0)
                recipe.Error(ErrorCodes.ObjectiveRefused, "offPolicy.adaptive", "offPolicy.adaptive decides who writes, and so do offPolicy.paired and offPolicy.share. Keep one of them.", Cure.Remove("offPolicy.adaptive"));
        }
        if (recipe.Has("offPolicy.balance") && !recipe.Flag("offPolicy.paired") && recipe.Number("offPolicy.share") is 0 && !recipe.Has("offPolicy.adaptive"))
            recipe.Warn(ErrorCodes.SettingIgnored, "offPolicy.balance",
                "offPolicy.balance weighs the student's text against given text, and after offPolicy.steps this recipe has none of the latter. Set offPolicy.paired, or remove the balance.", Cure.Set("offPolicy.paired", "true"));
        if (kind == "policy-gradient" && recipe.Number("objective.teacherMix") > 0)
        {
            if (recipe.Text("signal.kind") is not (null or "teacher") || recipe.Has("signal.context"))
                recipe.Error(ErrorCodes.ObjectiveRefused, "objective.teacherMix",
                    "objective.teacherMix lets a teacher model write along behind the student's own prompt; this signal has no such model, or shows it another prompt. Set teacherMix to 0.", Cure.Set("objective.teacherMix", "0"));
            if (recipe.Has("objective.importance") && recipe.Text("objective.importance.ratio") is null or "trainer-sampler")
                recipe.Error(ErrorCodes.ObjectiveRefused, "objective.teacherMix",
                    "objective.teacherMix weighs every token by student/mixture, and objective.importance of trainer to sampler is the same ratio: it would count twice. Remove one of them.", Cure.Set("objective.teacherMix", "0"));
        }
        bool whitens = Stabilizers(recipe).Contains("welford-whitening"); // then rewards are compared over the run, not within a group
        bool makesPairs = recipe.Flag("signal.writesPreferred"); // then the judge writes the other half of a pair
        bool needsGroups = kind == "preference" && !makesPairs || kind == "group-reward" && !whitens;
        if (needsGroups && recipe.Number("rollout.samplesPerPrompt") is { } samples && samples < 2)
            recipe.Error(ErrorCodes.GroupTooSmall, "rollout.samplesPerPrompt",
                $"rollout.samplesPerPrompt is {samples}: the {kind} objective compares rollouts of one prompt and needs at least 2. Usual are 4 to 16.", Cure.Set("rollout.samplesPerPrompt", "8"));
        if ((kind == "group-reward" || kind == "preference" && !makesPairs) && recipe.Items("rewards").Count == 0)
            recipe.Error(ErrorCodes.SignalMissing, "rewards", $"The {kind} objective needs rewards: how is a response scored? Add \"rewards\": [{{ \"kind\": \"exact\" }}].", SignalRules.AddRewards);
        if (kind is "divergence" or "policy-gradient" or "supervised" && recipe.Items("rewards").Count > 0 && !SignalRules.UsesRewards(recipe) && !Stabilizers(recipe).Any(StabilizerFit.NeedsRewards))
            recipe.Warn(ErrorCodes.SettingIgnored, "rewards", $"rewards have no effect with the {kind} objective. Remove them, or choose \"group-reward\".", Cure.Remove("rewards"));
        if (recipe.Number("objective.importance.min") is { } min && recipe.Number("objective.importance.max") is { } max && min > max)
            recipe.Error(ErrorCodes.BoundsReversed, "objective.importance.min",
                $"objective.importance.min is {RuleContext.Show(min)}, above objective.importance.max, {RuleContext.Show(max)}: no weight would be kept. Swap them.",
                recipe.Written("objective.importance.min") is { } low && recipe.Written("objective.importance.max") is { } high
                    ? new Cure("Swap min and max", new SettingChange("objective.importance.min", high), new SettingChange("objective.importance.max", low))
                    : Cure.Remove("objective.importance.min"));
    }

    private static IEnumerable<string> Stabilizers(RuleContext recipe) => recipe.Items("stabilizers").Select(s => s.Find("kind")?.Text ?? "");

    private static void CheckDivergence(RuleContext recipe)
    {
        string divergence = recipe.Text("objective.divergence") ?? "reverse-kl";
        foreach ((string setting, string[] users) in s_users)
        {
            string path = $"objective.{setting}";
            if (recipe.IsChosen(path) && recipe.Has(path) && !users.Contains(divergence))
                recipe.Warn(ErrorCodes.SettingIgnored, path, $"{path} has no effect with \"{divergence}\"; it belongs to {string.Join(", ", users.Select(u => $"\"{u}\""))}. Remove it, or change objective.divergence.", Cure.Remove(path));
        }
        if (recipe.Text("objective.support.kind") == "top-k" && recipe.Number("objective.support.k") == 1 && recipe.Text("objective.support.tail") == "renormalize")
            recipe.Error(ErrorCodes.RenormalizedTopOne, "objective.support.tail",
                "A top-k support of one token, renormalised, gives that token probability 1 on both sides: the divergence is always 0. Keep the tail (\"bucket\"), or raise objective.support.k.", Cure.Set("objective.support.tail", "\"bucket\""));
        if (recipe.Text("objective.support.kind") == "top-k" && recipe.Text("objective.support.tail") == "renormalize-teacher" && divergence != "forward-kl")
            recipe.Error(ErrorCodes.ObjectiveRefused, "objective.support.tail",
                $"The tail \"renormalize-teacher\" leaves the teacher nothing outside of the support, which only forward-kl can compare with a whole student; the divergence is {divergence}. Use \"renormalize\".", Cure.Set("objective.support.tail", "\"renormalize\""));
        if (recipe.Number("objective.studentTemperature") is { } student && recipe.Number("objective.teacherTemperature") is { } teacher && student != teacher)
            recipe.Inform(ErrorCodes.TemperaturesOfLossDiffer, "objective.teacherTemperature",
                $"The loss sees the student at temperature {RuleContext.Show(student)} and the teacher at {RuleContext.Show(teacher)}: its minimum is not where the two models agree, but where the student is the teacher made {(teacher < student ? "sharper" : "flatter")}.",
                Cure.Set("objective.teacherTemperature", RuleContext.Show(student)));
    }

    private static void CheckSupervised(RuleContext recipe)
    {
        if (recipe.Has("signal"))
            recipe.Warn(ErrorCodes.SettingIgnored, "signal", "The supervised objective learns from the completions in the data; the signal is not asked. Remove it, or choose another objective.", Cure.Remove("signal"));
        foreach (string setting in new[] { "samplesPerPrompt", "temperature", "topK", "topP" })
        {
            string path = $"rollout.{setting}";
            if (recipe.IsChosen(path)) recipe.Inform(ErrorCodes.SettingIgnored, path, $"{path} has no effect with the supervised objective: nothing is sampled.", Cure.Remove(path));
        }
    }
}
