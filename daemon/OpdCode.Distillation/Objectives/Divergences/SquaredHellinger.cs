using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Squared Hellinger distance, 1 − Σ √(T·S) = ½·Σ (√T − √S)². Range [0, 1], no unit, symmetric; H² ≤ TV ≤ √2·H.
/// Slope: ½·(S − √(T·S)). Source: general knowledge; a quarter of the α-divergence of order ½.
/// </summary>
internal sealed class SquaredHellinger : Divergence
{
    /// <inheritdoc/>
    public override string Formula => "1 − Σ√(teacher·student)";

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        torch.Tensor rootStudent_RV = pair.LogStudent_RV.mul_(0.5).exp_();
        torch.Tensor difference_RV = pair.LogTeacher_RV.mul_(0.5).exp_().sub_(rootStudent_RV); // √T − √S
        torch.Tensor slope_RV = rootStudent_RV.mul_(difference_RV).mul_(-0.5);
        return (difference_RV.pow_(2).mul_(0.5), slope_RV);
    }
}
