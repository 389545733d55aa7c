using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>α·<see cref="GatedForwardKl"/> of every token, weighted and normalised as the objective. Source: EOPD (arXiv 2603.07079).</summary>
internal sealed class GatedForwardKlTerm(EntropyGatedForwardKlRecipe recipe, LossNormalization normalize) : ILossTerm
{
    /// <inheritdoc/>
    public string Name => "entropy-gated-forward-kl";

    /// <inheritdoc/>
    public string Label => FormattableString.Invariant(
        $"{recipe.Coefficient}·KL(teacher‖student on the teacher's top {recipe.TopK}, renormalised) where the teacher's entropy is above {recipe.Threshold} nats");

    /// <inheritdoc/>
    public (torch.Tensor Loss, torch.Tensor Loss_N) Evaluate(TokenRows rows)
    {
        TokenStatistics.Required(rows.TeacherHidden_NM, Name, "the teacher's distribution at every token");
        RowSignalBuffers signals = RowSignalBuffers.For(rows, hasMass: false);
        torch.Tensor coefficients_N = RowCoefficients.For(rows, normalize, signals.Loss_N.dtype).mul(recipe.Coefficient);
        torch.Tensor loss = new FusedLoss(new GatedForwardKl(recipe.Threshold, recipe.TopK), 1, 1).Apply(rows, coefficients_N, signals);
        return (loss, signals.Loss_N * rows.Weights_N.detach() * recipe.Coefficient);
    }
}
