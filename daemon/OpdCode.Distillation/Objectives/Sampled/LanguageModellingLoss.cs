using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>
/// (1 − s)·(−log S(y)) + s·(−Σ T·log S), nats, ≥ 0: next-token loss mixed with the cross-entropy against the judge, whose
/// entropy is included, so T = S gives no 0. Gradient on logits: S − (1 − s)·1_y − s·T. Source: MiniLLM's pre-training loss
/// (arXiv 2306.08543), its code; s is its kd-ratio.
/// </summary>
/// <param name="judgeShare">s, 0 to 1; 0 is the next-token loss and asks no judge.</param>
internal sealed class LanguageModellingLoss(double judgeShare) : IRowLoss
{
    /// <inheritdoc/>
    public bool NeedsTeacher => judgeShare > 0;

    /// <inheritdoc/>
    public RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        if (!NeedsTeacher) return NextTokenLoss.Instance.Evaluate(pair, withGradient);
        torch.Tensor crossEntropy_R = pair.Dot_R(pair.Teacher_RV, pair.LogStudent_RV).neg_();
        RowLossResult next = NextTokenLoss.Instance.Evaluate(pair, withGradient: false);
        torch.Tensor value_R = next.Value_R.mul_(1 - judgeShare).add_(crossEntropy_R, judgeShare);
        if (!withGradient) return new RowLossResult(value_R, null);
        torch.Tensor gradient_RV = pair.Student_RV.add_(pair.Teacher_RV, -judgeShare);
        torch.Tensor ids_R1 = pair.SampledIds_R.unsqueeze(1);
        gradient_RV.scatter_add_(1, ids_R1, torch.full_like(ids_R1, judgeShare - 1, dtype: gradient_RV.dtype));
        return new RowLossResult(value_R, gradient_RV);
    }
}
