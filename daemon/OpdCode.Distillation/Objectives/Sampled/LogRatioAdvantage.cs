using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>
/// The advantage of a sampled token from teacher and student alone, detached, before discount and coefficient; positive
/// where the teacher likes the token more than the student does. k1: log T − log S_old. f:NAME: w_f(u) = u·f′(u) − f(u),
/// u = T/S_old, whose expectation under the student is −∇ D_f.
/// </summary>
internal static class LogRatioAdvantage
{
    private const string GeneratorPrefix = "f:";

    /// <summary>Checks the estimator's name and its combination with other options.</summary>
    /// <exception cref="OpdException">OPD1303 for an estimator that is not a loss (with the reason), OPD1301 for an unknown one.</exception>
    public static void Check(PolicyGradientObjectiveRecipe recipe)
    {
        if (recipe.Estimator == "k3")
        {
            throw Refused("k3 (e^−d − 1 + d, d = log S − log T) estimates KL(student‖teacher), but its gradient as a loss is that of the forward KL in expectation. "
                + "Use k1, or f:forward-kl if the forward KL is meant; k3 is for monitoring.");
        }
        if (recipe.Estimator == "abs")
            throw Refused("|log S − log T| has no sign: as a loss it pushes tokens the teacher likes and dislikes the same way. Use k1.");
        if (recipe.Estimator == "k2" && (recipe.Clip is not null || recipe.Discount != 0 || recipe.SingleStep))
            throw Refused("k2 is back-propagated itself, so there is no advantage to discount and no ratio to clip. Use k1, whose expected gradient is the same.");
        if (recipe.Estimator is not ("k1" or "k2") && Generator(recipe) is null)
        {
            throw new OpdException(ErrorCodes.ObjectiveInvalid,
                $"The estimator \"{recipe.Estimator}\" is not known. Known: k1, k2, {string.Join(", ", FGenerator.Known.Keys.Select(k => GeneratorPrefix + k))}.");
        }
    }

    /// <summary>log T of each token, or the extrapolated log B + λ·(log T − log B), not normalised: a constant per state changes no expected gradient.</summary>
    public static torch.Tensor Target_N(TokenRows rows, torch.Tensor teacher_N) => rows.BaseLogprobs_N is { } given
        ? given.detach().to(teacher_N.dtype) + (teacher_N - given.detach().to(teacher_N.dtype)) * rows.TargetLambda
        : teacher_N;

    /// <summary>The advantage of each token, shape [N], detached.</summary>
    public static torch.Tensor Of(PolicyGradientObjectiveRecipe recipe, torch.Tensor teacher_N, torch.Tensor old_N)
    {
        torch.Tensor logRatio_N = teacher_N - old_N;
        return Generator(recipe) is { } generator
            ? generator.Advantage(logRatio_N.clamp(-recipe.LogRatioClamp, recipe.LogRatioClamp).exp())
            : logRatio_N;
    }

    private static FGenerator? Generator(PolicyGradientObjectiveRecipe recipe) =>
        recipe.Estimator.StartsWith(GeneratorPrefix, StringComparison.Ordinal) ? FGenerator.Known.GetValueOrDefault(recipe.Estimator[GeneratorPrefix.Length..]) : null;

    private static OpdException Refused(string why) => new(ErrorCodes.ObjectiveRefused, why);
}
