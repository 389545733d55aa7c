using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>Next-token loss −log S(y), nats, ≥ 0. Gradient on logits: S − 1_y.</summary>
internal sealed class NextTokenLoss : IRowLoss
{
    /// <summary>The only instance: it has no state.</summary>
    public static NextTokenLoss Instance { get; } = new();

    /// <inheritdoc/>
    public bool NeedsTeacher => false;

    /// <inheritdoc/>
    public RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        torch.Tensor ids_R1 = pair.SampledIds_R.unsqueeze(1);
        torch.Tensor value_R = pair.LogStudent_RV.gather(1, ids_R1).squeeze(1).neg_();
        if (!withGradient) return new RowLossResult(value_R, null);
        torch.Tensor gradient_RV = pair.Student_RV;
        gradient_RV.scatter_add_(1, ids_R1, torch.full_like(ids_R1, -1, dtype: gradient_RV.dtype));
        return new RowLossResult(value_R, gradient_RV);
    }
}
