using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Reading;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Recipes.Rules;

/// <summary>Stabilizers that mean nothing with the rest of the recipe.</summary>
internal static class StabilizerRules
{
    public static void Check(RuleContext recipe)
    {
        IReadOnlyList<LocatedValue> items = recipe.Items("stabilizers");
        if (items.Count == 0 || recipe.Text("objective.kind") is not { } objective) return;
        List<string> kinds = [];
        for (int i = 0; i < items.Count; i++)
        {
            string path = $"stabilizers[{i}]";
            if (items[i].Find("kind") is not { Kind: JsonValueKind.String, Text: { } kind } || !StabilizerFit.Kinds.Contains(kind)) continue;
            kinds.Add(kind);
            bool hasDistillation = recipe.Number("objective.distillation.coefficient") is { } coefficient && coefficient != 0;
            if (StabilizerFit.Problem(objective, recipe.Text("objective.estimator"), hasDistillation, kind, recipe.Text("objective.divergence")) is { } problem)
                recipe.Error(ErrorCodes.ObjectiveRefused, path, problem, Cure.Remove(path));
            else if (kind is "clip-divergence" or "soft-clamp" && objective == "divergence" && recipe.Text("offPolicy.objective.kind") is { } given && given != "divergence")
                recipe.Error(ErrorCodes.ObjectiveRefused, path, $"The stabilizer {kind} bounds the divergence of a token, and given text is learned from by the {given} objective, which has none. Remove it, or offPolicy.objective.", Cure.Remove(path));
            else if (objective == "group-reward" && StabilizerFit.NeedsTeacher(kind) && !recipe.Has("signal") && recipe.IsComplete("signal"))
                recipe.Error(ErrorCodes.SignalMissing, path, $"The stabilizer {kind} compares with a teacher, and the recipe has no signal. Add \"signal\": {{ \"kind\": \"teacher\", \"model\": \"…\" }}, or remove it.", SignalRules.AddTeacher);
            else if (StabilizerFit.NeedsRewards(kind) && recipe.Items("rewards").Count == 0 && recipe.IsComplete("rewards"))
                recipe.Error(ErrorCodes.SignalMissing, path, $"The stabilizer {kind} looks at rewards, and the recipe has none. Add \"rewards\": [{{ \"kind\": \"exact\" }}], or remove it.", SignalRules.AddRewards);
            else if (kind == "agreement" && recipe.Has("signal") && recipe.Items("signal.auxiliary").Count < 2)
                recipe.Error(ErrorCodes.SignalMissing, path, $"The stabilizer agreement compares the teacher under auxiliary contexts, and signal.auxiliary has {recipe.Items("signal.auxiliary").Count} of them. Give at least 2, or remove it.", Cure.Remove(path));
            else if (kind == "contrastive" && recipe.Has("signal") && !recipe.Has("signal.contrast"))
                recipe.Error(ErrorCodes.SignalMissing, path, "The stabilizer contrastive compares with the teacher under a corrupted context, and the recipe has no signal.contrast. Add it, or remove contrastive.", Cure.Remove(path));
            else if (kind is "margin-shift" or "margin-mask" or "data-balance" && Setting(items[i], "scope") != "batch" && recipe.Number("rollout.samplesPerPrompt") is { } samples && samples < 2)
                recipe.Warn(ErrorCodes.SettingIgnored, path, $"{kind} compares the rollouts of one prompt, and rollout.samplesPerPrompt is {samples}: it never acts. Raise samplesPerPrompt, or set its scope to \"batch\".",
                    Cure.Set($"{path}.scope", "\"batch\""));
        }
        if (StabilizerFit.Together(kinds) is { } together) recipe.Error(ErrorCodes.ObjectiveRefused, "stabilizers", together, Cure.Remove($"stabilizers[{Place(items, "margin-mask")}]"));
        int agreement = Place(items, "agreement"), normalize = Place(items, "normalize-weights");
        if (agreement >= 0 && normalize >= 0 && Setting(items[agreement], "level") == "sequence" && Setting(items[normalize], "over") is null or "sequence")
            recipe.Inform(ErrorCodes.SettingIgnored, "stabilizers", "agreement gives every token of a response one weight, and normalize-weights over the sequence divides it out again, as in UniSD's code. Normalise over the step to let it act.",
                Cure.Set($"stabilizers[{normalize}].over", "\"step\""));
    }

    private static int Place(IReadOnlyList<LocatedValue> items, string kind) => items.ToList().FindIndex(i => i.Find("kind")?.Text == kind);

    private static string? Setting(LocatedValue item, string name) => item.Find(name)?.Text;
}
