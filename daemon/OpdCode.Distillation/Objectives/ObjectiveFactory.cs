using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Objectives;

/// <summary>Makes the objective that a recipe asks for.</summary>
public static class ObjectiveFactory
{
    /// <summary>The objective of a whole recipe: with another one on given text where it asks for that.</summary>
    /// <exception cref="OpdException">OPD1301 for an unknown name or a value out of range, OPD1303 for a combination that is not a loss.</exception>
    public static IObjective Create(Recipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        IObjective own = Create(recipe.Objective);
        return recipe.OffPolicy is { } off && (off.Objective is not null || off.Weight != 1 || off.Balance is not null || off.Means == "apart")
            ? new MixedObjective(own, Create(off.Objective ?? recipe.Objective), off.Weight, apart: off.Means == "apart") : own;
    }

    /// <summary>The objective of a recipe, ready to evaluate rows.</summary>
    /// <exception cref="OpdException">OPD1301 for an unknown name or a value out of range, OPD1303 for a combination that is not a loss.</exception>
    public static IObjective Create(ObjectiveRecipe recipe) => recipe switch
    {
        DivergenceObjectiveRecipe divergence => DivergenceRegistry.CreateObjective(divergence),
        PolicyGradientObjectiveRecipe gradient => new PolicyGradientObjective(gradient),
        GroupRewardObjectiveRecipe reward => new GroupRewardObjective(reward),
        PreferenceObjectiveRecipe preference => new PreferenceObjective(preference),
        SupervisedObjectiveRecipe => new DivergenceObjective(NextTokenLoss.Instance, "next-token loss −log p_student (nats)", LossNormalization.Tokens, 1, 1, hasMass: false),
        _ => throw new OpdException(ErrorCodes.ObjectiveInvalid, $"The objective {recipe.GetType().Name} is not known."),
    };
}
