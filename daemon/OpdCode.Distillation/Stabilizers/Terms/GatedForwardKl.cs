using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>1[H(T) &gt; τ]·KL(T‖S over the teacher's top k, renormalised), nats, ≥ 0. Source: EOPD (arXiv 2603.07079).</summary>
internal sealed class GatedForwardKl(double threshold, int topK) : IRowLoss
{
    private readonly TopKLoss _forward = new(new ForwardKl(), SupportOwner.Teacher, topK, SupportTail.Renormalize);

    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        torch.Tensor entropy_R = pair.Dot_R(pair.Teacher_RV, pair.LogTeacher_RV).neg_();
        torch.Tensor gate_R = entropy_R.gt(threshold).to(entropy_R.dtype);
        RowLossResult forward = _forward.Evaluate(pair, withGradient);
        return new RowLossResult(forward.Value_R * gate_R, withGradient ? forward.Gradient_RV!.mul_(gate_R.unsqueeze(1)) : null);
    }
}
