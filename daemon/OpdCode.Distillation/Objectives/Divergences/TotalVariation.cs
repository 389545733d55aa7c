using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Total variation, ½·Σ |T − S|: the largest difference in probability of any event. Range [0, 1], no unit, symmetric.
/// Slope: ½·sign(S − T)·S, bounded by the student's own probability. Source: general knowledge; f(u) = |u − 1|/2.
/// </summary>
internal sealed class TotalVariation : Divergence
{
    /// <inheritdoc/>
    public override string Formula => "½·Σ|teacher − student|";

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        torch.Tensor difference_RV = pair.LogStudent_RV.copy_(pair.Student_RV).sub_(pair.Teacher_RV);
        torch.Tensor slope_RV = pair.LogTeacher_RV.copy_(difference_RV).sign_().mul_(pair.Student_RV).mul_(0.5);
        return (difference_RV.abs_().mul_(0.5), slope_RV);
    }
}
