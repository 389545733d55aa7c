using System.Numerics;
using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Reverse KL, KL(student‖teacher) = Σ S·(log S − log T). Mode seeking: pays where the student puts mass that the
/// teacher does not. Range [0, ∞). Gradient on logits: S·(log(S/T) − KL). Source: MiniLLM (arXiv 2306.08543), GKD
/// (arXiv 2306.13649, β = 1).
/// </summary>
internal sealed class ReverseKl : Divergence
{
    /// <inheritdoc/>
    public override string Formula => "KL(student‖teacher)";

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        torch.Tensor student_RV = pair.Student_RV;
        torch.Tensor term_RV = pair.LogStudent_RV.sub_(pair.LogTeacher_RV).mul_(student_RV);
        return (term_RV, pair.Scratch().copy_(term_RV).add_(student_RV));
    }

    /// <inheritdoc/>
    public override RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        if (Centred(new Summands(), pair, withGradient) is { } result) return result;
        torch.Tensor student_RV = pair.Student_RV;
        (torch.Tensor value_R, torch.Tensor gradient_RV) = Centre(pair, student_RV, pair.LogStudent_RV.sub_(pair.LogTeacher_RV), withGradient);
        value_R.add_(MassDifference_R(pair.Teacher_RV, student_RV)).clamp_min_(0);
        return new RowLossResult(value_R, withGradient ? gradient_RV : null);
    }

    // extra = T − S sums to 0 up to rounding, as MassDifference_R does.
    private readonly struct Summands : ICentredFormula
    {
        public float Scale => 1;

        public Vector<float> At(Vector<float> logS, Vector<float> s, Vector<float> logT, Vector<float> t, out Vector<float> extra)
        {
            extra = t - s;
            return logS - logT;
        }
    }
}
