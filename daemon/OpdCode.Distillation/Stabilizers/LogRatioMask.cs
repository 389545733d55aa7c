using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>Tokens with |log S − log T| ≥ max weigh 0; denominators stay. Source: Uni-OPD (arXiv 2605.03677), its code.</summary>
internal sealed class LogRatioMask(LogRatioMaskRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "log-ratio-mask";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Max is null;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor ratio_N = statistics.LogRatio_N(Kind);
        return rows.Weighted(ratio_N.abs().lt(recipe.Max!.Value).to(ratio_N.dtype));
    }
}
