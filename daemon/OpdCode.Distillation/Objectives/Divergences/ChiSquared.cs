using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Pearson's χ² of the teacher against the student, Σ (T − S)²/S. Range [0, ∞), no unit; very sharp where the student
/// misses mass of the teacher (ratios above e^40 in float32 count as e^40). Slope: S − T²/S. Source: general knowledge;
/// f(u) = (u − 1)², twice the α-divergence of order 2.
/// </summary>
internal sealed class ChiSquared : Divergence
{
    /// <inheritdoc/>
    public override string Formula => "Σ(teacher − student)²/student";

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        torch.Tensor excess_RV = pair.LogTeacher_RV.sub_(pair.LogStudent_RV); // T/S − 1, exact near T = S
        excess_RV.clamp_max_(LargestExponent(excess_RV) / 2).expm1_();
        torch.Tensor slope_RV = pair.LogStudent_RV.copy_(pair.Student_RV).add_(pair.Teacher_RV).mul_(excess_RV).neg_();
        return (excess_RV.mul_(pair.Teacher_RV.sub_(pair.Student_RV)), slope_RV);
    }
}
