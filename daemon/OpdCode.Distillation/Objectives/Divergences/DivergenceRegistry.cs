using OpdCode.Protocol;
using OpdCode.Recipes;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>Every divergence a recipe can name. Adding one: a class, a line here, a test.</summary>
internal static class DivergenceRegistry
{
    /// <summary>Name in a recipe → divergence made from the recipe's options.</summary>
    public static IReadOnlyDictionary<string, Func<DivergenceObjectiveRecipe, Divergence>> Entries { get; } =
        new Dictionary<string, Func<DivergenceObjectiveRecipe, Divergence>>(StringComparer.Ordinal)
        {
            ["reverse-kl"] = _ => new ReverseKl(),
            ["forward-kl"] = _ => new ForwardKl(),
            ["jsd"] = recipe => new JensenShannon(Between(recipe.Beta, 0, 1, "beta", "The ends are other divergences: use forward-kl or reverse-kl.")),
        };

    /// <summary>The objective of a divergence recipe.</summary>
    public static IObjective CreateObjective(DivergenceObjectiveRecipe recipe)
    {
        if (!Entries.TryGetValue(recipe.Divergence, out Func<DivergenceObjectiveRecipe, Divergence>? create))
        {
            throw new OpdException(ErrorCodes.ObjectiveInvalid,
                $"The divergence \"{recipe.Divergence}\" is not known. Known: {string.Join(", ", Entries.Keys)}.");
        }
        Divergence divergence = create(recipe);
        return new DivergenceObjective(divergence, $"{recipe.Divergence}: {divergence.Formula}, full vocabulary (nats)", LossNormalization.Tokens,
            Positive(recipe.StudentTemperature, "studentTemperature"), Positive(recipe.TeacherTemperature, "teacherTemperature"), hasMass: false);
    }

    private static double Between(double value, double low, double high, string name, string why) =>
        value > low && value < high ? value
        : throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"{name} is {value} but must lie strictly between {low} and {high}. {why}"));

    private static double Positive(double value, string name) =>
        value > 0 && double.IsFinite(value) ? value
        : throw new OpdException(ErrorCodes.ObjectiveInvalid, FormattableString.Invariant($"{name} is {value} but must be a positive number."));
}
