using System.Globalization;
using System.Runtime.CompilerServices;
using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Generalised Jensen–Shannon divergence with the teacher weighted by β: β·KL(T‖M) + (1−β)·KL(S‖M),
/// M = (1−β)·S + β·T, 0 &lt; β &lt; 1. Range [0, H_b(β)] with H_b(β) ≤ ln 2. Gradient on logits:
/// (1−β)·S·(log(S/M) − KL(S‖M)). Source: GKD (arXiv 2306.13649) as TRL implements it; KDFlow's β is 1−β here.
/// </summary>
/// <remarks>
/// The value goes to 0 at both ends; only JSD/(β(1−β)) tends to forward and reverse KL. The ends are therefore
/// separate modes (forward-kl, reverse-kl), not values of β.
/// </remarks>
internal sealed class JensenShannon(double beta) : Divergence
{
    /// <inheritdoc/>
    public override string Formula => string.Create(CultureInfo.InvariantCulture, $"JSD, teacher weighted by {beta}");

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        (torch.Tensor student_RV, torch.Tensor teacher_RV) = (pair.Student_RV, pair.Teacher_RV);
        torch.Tensor logMixture_RV = LogMixture(pair, beta);
        torch.Tensor slope_RV = pair.LogStudent_RV.sub_(logMixture_RV).mul_(student_RV).mul_(1 - beta);
        torch.Tensor term_RV = pair.LogTeacher_RV.sub_(logMixture_RV).mul_(teacher_RV).mul_(beta).add_(slope_RV);
        return (term_RV, slope_RV);
    }

    /// <inheritdoc/>
    public override RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        (torch.Tensor student_RV, torch.Tensor teacher_RV) = (pair.Student_RV, pair.Teacher_RV);
        torch.Tensor logMixture_RV = LogMixture(pair, beta);
        torch.Tensor teacherPart_R = pair.Dot_R(teacher_RV, pair.LogTeacher_RV.sub_(logMixture_RV));
        (torch.Tensor studentPart_R, torch.Tensor gradient_RV) = Centre(pair, student_RV, pair.LogStudent_RV.sub_(logMixture_RV), withGradient);
        torch.Tensor value_R = teacherPart_R.mul_(beta).add_(studentPart_R, 1 - beta).clamp_min_(0);
        return new RowLossResult(value_R, withGradient ? gradient_RV.mul_(1 - beta) : null);
    }

    /// <summary>log((1−w)·S + w·T). Mass too small for the type counts as the smallest normal number, whose share of any term is below 1e-36.</summary>
    internal static torch.Tensor LogMixture(DistributionPair pair, double teacherWeight)
    {
        double smallest = pair.Student_RV.dtype == torch.ScalarType.Float64 ? 2.2250738585072014e-308 : 1.17549435e-38;
        return pair.Scratch().copy_(pair.Teacher_RV).mul_(teacherWeight).add_(pair.Student_RV, 1 - teacherWeight).clamp_min_(smallest).log_();
    }

    /// <summary>The same for a register of outcomes in float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T LogMixture<T>(T s, T t, float teacherWeight) where T : struct, ILane<T> =>
        T.Log(T.Max(T.MultiplyAdd(t, T.All(teacherWeight), T.Multiply(s, T.All(1 - teacherWeight))), T.All(1.17549435e-38f)));

    /// <inheritdoc/>
    public override bool TryFill(LogitChunk chunk) => Fill(new Summands((float)beta), chunk);

    private readonly struct Summands(float beta) : IDivergenceFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void At<T>(T logS, T s, T logT, T t, out T term, out T slope) where T : struct, ILane<T>
        {
            T logMixture = LogMixture(s, t, beta);
            slope = T.Multiply(T.Multiply(T.Subtract(logS, logMixture), s), T.All(1 - beta));
            term = T.MultiplyAdd(T.Subtract(logT, logMixture), T.Multiply(t, T.All(beta)), slope);
        }
    }
}
