using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Any f-divergence of the teacher from the student, Σ S·f(T/S), from its generator. Range [0, ∞). Slope:
/// S·(f(u) − u·f′(u)), u = T/S. Ratios are kept within e^±30 (float32) so that every product stays finite. Source: the
/// survey's framework (arXiv 2604.00626); the classes with closed forms of their own are faster and exacter.
/// </summary>
internal sealed class FDivergence(FGenerator generator) : Divergence
{
    /// <inheritdoc/>
    public override string Formula => $"f-divergence of {generator.Name}, Σ student·f(teacher/student)";

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        double bound = LargestExponent(pair.LogTeacher_RV) * 0.375;
        torch.Tensor ratio_RV = pair.LogTeacher_RV.sub_(pair.LogStudent_RV).clamp_(-bound, bound).exp_();
        torch.Tensor value_RV = generator.Value(ratio_RV);
        torch.Tensor slope_RV = value_RV - ratio_RV * generator.Derivative(ratio_RV);
        return (value_RV.mul_(pair.Student_RV), slope_RV.mul_(pair.Student_RV));
    }
}
