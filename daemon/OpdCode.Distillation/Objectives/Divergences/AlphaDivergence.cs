using System.Globalization;
using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Amari's α-divergence in the Cressie–Read form, (Σ T^α·S^(1−α) − 1) / (α(α−1)). α → 1 is forward KL, α → 0 is reverse
/// KL (both are modes of their own and refused here), ½ is 4 × squared Hellinger, 2 is ½ × χ². Unit: nats near the ends.
/// Slope: (S − T^α·S^(1−α)) / α. Source: Cressie and Read 1984; Amari 2009.
/// </summary>
internal sealed class AlphaDivergence(double alpha) : Divergence
{
    /// <inheritdoc/>
    public override string Formula => string.Create(CultureInfo.InvariantCulture, $"α-divergence of order {alpha}, teacher to the α");

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        (torch.Tensor student_RV, torch.Tensor teacher_RV) = (pair.Student_RV, pair.Teacher_RV);
        torch.Tensor power_RV = pair.LogTeacher_RV.mul_(alpha).add_(pair.LogStudent_RV, 1 - alpha);
        power_RV.clamp_max_(LargestExponent(power_RV)).exp_();
        torch.Tensor slope_RV = pair.LogStudent_RV.copy_(student_RV).sub_(power_RV).div_(alpha);
        // The linear terms sum to the −1 of the formula and make every summand ≥ 0.
        torch.Tensor term_RV = power_RV.add_(teacher_RV, -alpha).add_(student_RV, alpha - 1).div_(alpha * (alpha - 1));
        return (term_RV, slope_RV);
    }
}
