using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// d·C/sg(d) where a token's divergence d is above C: a weight of C/d. Without a divergence d is |log T − log S|, so that the
/// advantage is bounded by C. Source: the survey (arXiv 2604.00626).
/// </summary>
internal sealed class SoftClamp(SoftClampRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "soft-clamp";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Clip;

    /// <inheritdoc/>
    public bool IsNeutral => false;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Divergence;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor size_N = statistics.Divergence_N ?? statistics.Advantage_N(Kind).abs();
        torch.Tensor above_N = size_N.gt(recipe.Max).logical_and(rows.Weights_N.gt(0));
        return above_N.any().ToBoolean() ? rows.Weighted(torch.where(above_N, recipe.Max / size_N, torch.ones_like(size_N))) : rows;
    }
}
