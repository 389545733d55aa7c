using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Multiplies all weights by count / max(Σ weights, 1), over each response or the whole step, so that the objective's
/// division by the count gives a weighted mean. Source: UniSD (arXiv 2605.06597), its code.
/// </summary>
internal sealed class NormalizeWeights(NormalizeWeightsRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "normalize-weights";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Rescale;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Over == "none";

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Over == "step";

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor weights_N = rows.Weights_N.detach();
        if (recipe.Over == "step") return rows.Weighted(torch.full_like(weights_N, rows.Normalizer / Math.Max(weights_N.sum().ToDouble(), 1)));
        torch.Tensor factor_B = rows.SumPerSequence_B(torch.ones_like(weights_N)) / rows.SumPerSequence_B(weights_N).clamp_min(1);
        return rows.Weighted(factor_B.index_select(0, rows.Sequence_N));
    }
}
