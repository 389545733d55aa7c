using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// min(d, bound) of every token's divergence d: above the bound the token weighs 0, so that it has no gradient, and its
/// loss is the bound times the weight it had. Source: UniSD (arXiv 2605.06597), its code; the quantile takes precedence.
/// </summary>
internal sealed class ClipDivergence(ClipDivergenceRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "clip-divergence";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Clip;

    /// <inheritdoc/>
    public bool IsNeutral => recipe is { Max: null, Quantile: null };

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Divergence;

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Quantile is not null;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor divergence_N = TokenStatistics.Required(statistics.Divergence_N, Kind, "the objective's divergence at every token (for a policy gradient take soft-clamp)");
        double bound = recipe.Quantile is { } quantile ? Columns.Quantile(divergence_N, rows.Weights_N, quantile) : recipe.Max!.Value;
        torch.Tensor above_N = divergence_N.gt(bound).logical_and(rows.Weights_N.gt(0));
        if (!above_N.any().ToBoolean()) return rows;
        torch.Tensor constant_N = torch.where(above_N, rows.Weights_N.detach() * bound, torch.zeros_like(rows.Weights_N));
        return rows with
        {
            Weights_N = rows.Weights_N.detach().masked_fill(above_N, 0),
            ConstantLoss_N = rows.ConstantLoss_N is null ? constant_N : rows.ConstantLoss_N + constant_N,
        };
    }
}
