using System.Runtime.CompilerServices;
using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Forward KL, KL(teacher‖student) = Σ T·(log T − log S). Mode covering: pays where the student misses mass of the
/// teacher. Range [0, ∞); the teacher's entropy is included, so T = S gives 0 (a plain cross-entropy would not).
/// Gradient on logits: S − T. Source: Hinton et al. (arXiv 1503.02531), GKD (arXiv 2306.13649, β = 0).
/// </summary>
internal sealed class ForwardKl : Divergence
{
    /// <inheritdoc/>
    public override string Formula => "KL(teacher‖student)";

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        torch.Tensor teacher_RV = pair.Teacher_RV;
        return (pair.LogTeacher_RV.sub_(pair.LogStudent_RV).mul_(teacher_RV), teacher_RV.neg_());
    }

    /// <inheritdoc/>
    public override RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        (torch.Tensor student_RV, torch.Tensor teacher_RV) = (pair.Student_RV, pair.Teacher_RV);
        torch.Tensor value_R = pair.Dot_R(teacher_RV, pair.LogTeacher_RV.sub_(pair.LogStudent_RV));
        value_R.add_(MassDifference_R(student_RV, teacher_RV)).clamp_min_(0);
        return new RowLossResult(value_R, withGradient ? student_RV.sub_(teacher_RV) : null);
    }

    /// <inheritdoc/>
    public override bool TryFill(LogitChunk chunk) => Fill(new Summands(), chunk);

    // S − T sums to 0 up to rounding, as MassDifference_R does.
    private readonly struct Summands : IDivergenceFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void At<T>(T logS, T s, T logT, T t, out T term, out T slope) where T : struct, ILane<T>
        {
            slope = T.Subtract(T.All(0), t);
            term = T.MultiplyAdd(T.Subtract(logT, logS), t, T.Subtract(s, t));
        }
    }
}
