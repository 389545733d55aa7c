using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Recipes;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>
/// α·<see cref="GatedForwardKl"/> of every token, weighted and normalised as the objective. Source: EOPD (arXiv 2603.07079). Annealed,
/// α = end + (start − end)·f(p), p = min(1, (step − 1)/steps), f = 1 − p or (1 + cos πp)/2. Source: SEAD (arXiv 2606.28562).
/// </summary>
internal sealed class GatedForwardKlTerm(EntropyGatedForwardKlRecipe recipe, LossNormalization normalize, int step = 1) : ILossTerm
{
    private readonly double _coefficient = CoefficientAt(recipe, step);

    /// <inheritdoc/>
    public string Name => "entropy-gated-forward-kl";

    /// <inheritdoc/>
    public string Label => FormattableString.Invariant(
        $"{Factor}·KL(teacher‖student on the teacher's top {recipe.TopK}, renormalised) where the teacher's entropy is above {recipe.Threshold} nats");

    private string Factor => recipe.AnnealSteps == 0 ? FormattableString.Invariant($"{recipe.Coefficient}")
        : FormattableString.Invariant($"({recipe.Coefficient} → {recipe.EndCoefficient} over {recipe.AnnealSteps} steps, {recipe.Annealing})");

    private static double CoefficientAt(EntropyGatedForwardKlRecipe recipe, int step)
    {
        if (recipe.AnnealSteps == 0) return recipe.Coefficient;
        double done = Math.Min(1, (step - 1.0) / recipe.AnnealSteps);
        return double.Lerp(recipe.EndCoefficient, recipe.Coefficient, recipe.Annealing == "cosine" ? (1 + Math.Cos(Math.PI * done)) / 2 : 1 - done);
    }

    /// <inheritdoc/>
    public ILossTerm At(int step) => recipe.AnnealSteps == 0 ? this : new GatedForwardKlTerm(recipe, normalize, step);

    /// <inheritdoc/>
    public (torch.Tensor Loss, torch.Tensor Loss_N) Evaluate(TokenRows rows)
    {
        TokenStatistics.Required(rows.TeacherHidden_NM, Name, "the teacher's distribution at every token");
        RowSignalBuffers signals = RowSignalBuffers.For(rows, hasMass: false);
        if (_coefficient == 0) return (signals.Loss_N.sum().zero_(), signals.Loss_N.zero_()); // annealed away: no pass over the heads
        torch.Tensor coefficients_N = RowCoefficients.For(rows, normalize, signals.Loss_N.dtype).mul(_coefficient);
        torch.Tensor loss = new FusedLoss(new GatedForwardKl(recipe.Threshold, recipe.TopK), 1, 1).Apply(rows, coefficients_N, signals);
        return (loss, signals.Loss_N * rows.Weights_N.detach() * _coefficient);
    }
}
