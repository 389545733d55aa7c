using System.Globalization;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Entropy-aware mixing: KL(S‖T) + α·1[H(T) &gt; τ]·KL(T‖S over the teacher's top k, renormalised). Where the teacher is
/// unsure, the student is also asked to cover what it offers. Range [0, ∞), nats. Source: EOPD (arXiv 2603.07079), τ = 0.8
/// nats, α = 1, k = 16; its reverse KL is the sampled-token estimate, here it is exact.
/// </summary>
internal sealed class EntropyAware(double threshold, double coefficient, int topK) : IDivergence
{
    private readonly ReverseKl _reverse = new();
    private readonly TopKLoss _forward = new(new ForwardKl(), SupportOwner.Teacher, topK, SupportTail.Renormalize);

    /// <inheritdoc/>
    public string Formula => string.Create(CultureInfo.InvariantCulture,
        $"KL(student‖teacher) + {coefficient}·KL(teacher‖student on the teacher's top {topK}, renormalised) where the teacher's entropy is above {threshold} nats");

    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        torch.Tensor entropy_R = pair.Dot_R(pair.Teacher_RV, pair.LogTeacher_RV).neg_();
        torch.Tensor weight_R = entropy_R.gt(threshold).to(entropy_R.dtype).mul_(coefficient);
        RowLossResult forward = _forward.OnCopy(pair, withGradient);
        RowLossResult reverse = _reverse.Evaluate(pair, withGradient);
        torch.Tensor value_R = reverse.Value_R + weight_R * forward.Value_R;
        return new RowLossResult(value_R, withGradient ? reverse.Gradient_RV!.add_(forward.Gradient_RV!.mul_(weight_R.unsqueeze(1))) : null);
    }
}
