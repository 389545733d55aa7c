using OpdCode.Recipes;

namespace OpdCode.Distillation.Objectives;

/// <summary>What an objective's sum over tokens is divided by.</summary>
internal static class ObjectiveNormalization
{
    /// <summary>The normalisation of an objective; null where it is another one (pairs, or a constant length).</summary>
    public static LossNormalization? Of(ObjectiveRecipe recipe) => recipe switch
    {
        DivergenceObjectiveRecipe divergence => divergence.Normalize,
        PolicyGradientObjectiveRecipe gradient => gradient.Normalize,
        GroupRewardObjectiveRecipe { Normalize: { } chosen } => chosen,
        GroupRewardObjectiveRecipe { Estimator: "grpo" } => LossNormalization.Sequences,
        GroupRewardObjectiveRecipe { Estimator: "dapo" } or SupervisedObjectiveRecipe => LossNormalization.Tokens,
        _ => null,
    };
}
