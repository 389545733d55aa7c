using System.Runtime.CompilerServices;
using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Models.Vectors;
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
        torch.Tensor student_RV = pair.Student_RV;
        (torch.Tensor value_R, torch.Tensor gradient_RV) = Centre(pair, student_RV, pair.LogStudent_RV.sub_(pair.LogTeacher_RV), withGradient);
        value_R.add_(MassDifference_R(pair.Teacher_RV, student_RV)).clamp_min_(0);
        return new RowLossResult(value_R, withGradient ? gradient_RV : null);
    }

    /// <inheritdoc/>
    public override bool TryFill(LogitChunk chunk) => Fill(new Summands(), chunk);

    // T − S sums to 0 up to rounding, as MassDifference_R does.
    private readonly struct Summands : IDivergenceFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void At<T>(T logS, T s, T logT, T t, out T term, out T slope) where T : struct, ILane<T>
        {
            slope = T.Multiply(T.Subtract(logS, logT), s);
            term = T.Add(slope, T.Subtract(t, s));
        }
    }
}
