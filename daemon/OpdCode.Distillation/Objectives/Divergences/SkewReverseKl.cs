using System.Globalization;
using System.Runtime.CompilerServices;
using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Skew reverse KL, KL(student‖M) with M = (1−λ)·T + λ·S, 0 ≤ λ ≤ 1: reverse KL that stays below −ln λ where the teacher
/// has no mass. λ = 0 is reverse KL, λ = 1 is 0. Slope: S·log(S/M) + S − λ·S²/M; without the last term where the mixture
/// is detached. Source: DistiLLM (arXiv 2402.03898), λ = 0.1, gradient through the mixture; DistiLLM-2 (arXiv 2503.07067)
/// detaches it.
/// </summary>
internal sealed class SkewReverseKl(double lambda, bool detachMixture) : Divergence
{
    /// <inheritdoc/>
    public override string Formula => string.Create(CultureInfo.InvariantCulture,
        $"KL(student‖{1 - lambda}·teacher + {lambda}·student{(detachMixture ? ", detached" : "")})");

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        torch.Tensor student_RV = pair.Student_RV;
        torch.Tensor logRatio_RV = pair.LogStudent_RV.sub_(JensenShannon.LogMixture(pair, 1 - lambda)); // log(S/M) ≤ −ln λ
        torch.Tensor slope_RV = pair.LogTeacher_RV.copy_(logRatio_RV).add_(1);
        if (!detachMixture && lambda > 0) slope_RV.add_(pair.Teacher_RV.copy_(logRatio_RV).exp_(), -lambda);
        return (logRatio_RV.mul_(student_RV), slope_RV.mul_(student_RV));
    }

    /// <inheritdoc/>
    public override bool TryFill(LogitChunk chunk) => Fill(new Summands((float)lambda, detachMixture), chunk);

    private readonly struct Summands(float lambda, bool detachMixture) : IDivergenceFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void At<T>(T logS, T s, T logT, T t, out T term, out T slope) where T : struct, ILane<T>
        {
            T logRatio = T.Subtract(logS, JensenShannon.LogMixture(s, t, 1 - lambda));
            term = T.Multiply(logRatio, s);
            slope = detachMixture ? term : T.Multiply(T.MultiplyAdd(T.Exp(logRatio), T.All(-lambda), logRatio), s);
        }
    }
}
