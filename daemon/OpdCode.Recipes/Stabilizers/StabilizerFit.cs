using System.Reflection;
using System.Text.Json.Serialization;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>Which stabilizers mean something with which objective, and with one another.</summary>
public static class StabilizerFit
{
    private static readonly Dictionary<Type, string> s_kinds = typeof(StabilizerRecipe).GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false)
        .ToDictionary(a => a.DerivedType, a => (string)a.TypeDiscriminator!);

    // What works with an objective that has no teacher.
    private static readonly string[] s_withoutTeacher = ["skip-first", "keep-first", "digit-place", "normalize-weights", "welford-whitening", "data-balance", "reward-weight", "pass-rate-weight"];

    private static readonly string[] s_rewarded = ["margin-shift", "margin-mask", "data-balance", "welford-whitening", "reward-weight", "pass-rate-weight"];

    // What looks at, or changes, advantages: a divergence has none.
    private static readonly string[] s_advantages = ["margin-shift", "ratio-magnitude", "welford-whitening"];

    /// <summary>All kinds, in the order of the schema.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. s_kinds.Values];

    /// <summary>The kind of a record.</summary>
    public static string KindOf(StabilizerRecipe recipe) => s_kinds[(recipe ?? throw new ArgumentNullException(nameof(recipe))).GetType()];

    /// <summary>Whether a kind compares with a teacher.</summary>
    public static bool NeedsTeacher(string kind) => !s_withoutTeacher.Contains(kind);

    /// <summary>Whether a kind needs rewards.</summary>
    public static bool NeedsRewards(string kind) => s_rewarded.Contains(kind);

    /// <summary>Why a list of stabilizers means nothing with an objective; null where it is fine.</summary>
    public static string? Problem(ObjectiveRecipe objective, IReadOnlyList<StabilizerRecipe> stabilizers)
    {
        ArgumentNullException.ThrowIfNull(stabilizers);
        string[] kinds = [.. stabilizers.Select(KindOf)];
        (string name, string? estimator, bool hasDistillation) = objective switch
        {
            DivergenceObjectiveRecipe => ("divergence", null, false),
            PolicyGradientObjectiveRecipe p => ("policy-gradient", p.Estimator, false),
            GroupRewardObjectiveRecipe g => ("group-reward", g.Estimator, g.Distillation is { Coefficient: not 0 }),
            PreferenceObjectiveRecipe => ("preference", null, false),
            _ => ("supervised", (string?)null, false),
        };
        return kinds.Select(k => Problem(name, estimator, hasDistillation, k, (objective as DivergenceObjectiveRecipe)?.Divergence)).FirstOrDefault(p => p is not null) ?? Together(kinds);
    }

    /// <summary>Why a kind of stabilizer means nothing with an objective; null where it is fine.</summary>
    /// <param name="objective">The objective's kind.</param>
    /// <param name="estimator">Its estimator, where it has one.</param>
    /// <param name="hasDistillation">Whether a group reward has a distillation term.</param>
    /// <param name="kind">The stabilizer's kind.</param>
    /// <param name="divergence">The divergence, where the objective is one.</param>
    internal static string? Problem(string objective, string? estimator, bool hasDistillation, string kind, string? divergence)
    {
        if (kind == "adaptive-skew" && (objective != "divergence" || divergence is not (null or "skew-forward-kl" or "skew-reverse-kl")))
            return $"adaptive-skew moves the alpha of a skewed divergence, and the objective is {(objective == "divergence" ? divergence : objective)}. Set objective.divergence to \"skew-forward-kl\" or \"skew-reverse-kl\", or remove it.";
        switch (objective)
        {
            case "supervised" when NeedsTeacher(kind) || NeedsRewards(kind):
                return $"The stabilizer {kind} looks at a teacher or at rewards, and the supervised objective has neither. Remove it, or choose another objective.";
            case "divergence" when s_advantages.Contains(kind):
                return $"The stabilizer {kind} works on advantages, and a divergence has none. Use \"policy-gradient\"{(kind == "margin-shift" ? "" : " or \"group-reward\"")}, or remove it.";
            case "policy-gradient" when kind == "clip-divergence":
                return "clip-divergence bounds the divergence of a token, and a policy gradient has none: its advantage may be of either sign. Use soft-clamp, which bounds the log-ratio.";
            case "policy-gradient" when kind == "welford-whitening":
                return "welford-whitening makes advantages of rewards, and the policy-gradient objective learns from log-ratios. Use \"group-reward\", or remove it.";
            case "policy-gradient" when kind == "margin-shift" && estimator == "k2":
                return "margin-shift adds to the advantage, and k2 is back-propagated without one. Use the estimator k1.";
            case "group-reward" when kind is "clip-divergence" or "soft-clamp":
                return $"The stabilizer {kind} bounds how far student and teacher are apart at a token, and a group reward's loss is not that distance. Remove it, or use log-ratio-mask.";
            case "group-reward" when kind == "margin-shift" && !hasDistillation:
                return "margin-shift moves the teacher's judgement, and this group reward has no distillation term. Add objective.distillation, or remove margin-shift.";
            case "preference" when s_advantages.Contains(kind) || kind is "margin-mask" or "data-balance" or "clip-divergence" or "soft-clamp" or "normalize-weights" or "step-weight" or "prefix-weight" or "agreement" or "reward-weight" or "pass-rate-weight" or "token-draw" or "token-selection":
                return $"The stabilizer {kind} weighs tokens or responses of a sum, and the preference objective compares two whole responses. Remove it.";
            default:
                return null;
        }
    }

    /// <summary>Why kinds do not go together; null where they do.</summary>
    internal static string? Together(IReadOnlyCollection<string> kinds) => kinds.Contains("margin-shift") && kinds.Contains("margin-mask")
        ? "margin-shift and margin-mask both close the gap between correct and wrong responses, and after one the other has nothing to do. Keep one."
        : null;
}
