using System.Globalization;
using System.Runtime.CompilerServices;
using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Skew forward KL, KL(teacher‖M) with M = λ·T + (1−λ)·S, 0 ≤ λ ≤ 1: forward KL that stays below −ln λ where the student
/// has no mass. λ = 0 is forward KL, λ = 1 is 0. Slope: −(1−λ)·T·S/M. Source: DistiLLM (arXiv 2402.03898), λ = 0.1;
/// its code leaves out the teacher's entropy, which is included here, so T = S gives 0.
/// </summary>
internal sealed class SkewForwardKl(double lambda) : Divergence
{
    /// <inheritdoc/>
    public override string Formula => string.Create(CultureInfo.InvariantCulture, $"KL(teacher‖{lambda}·teacher + {1 - lambda}·student)");

    /// <inheritdoc/>
    public override (torch.Tensor Term_RV, torch.Tensor Slope_RV) Terms(DistributionPair pair)
    {
        torch.Tensor logMixture_RV = JensenShannon.LogMixture(pair, lambda);
        // T·S/M through the ratio that is bounded: S/M ≤ 1/(1−λ), T/M ≤ 1/λ.
        torch.Tensor slope_RV = lambda < 0.5
            ? pair.LogStudent_RV.sub_(logMixture_RV).exp_().mul_(pair.Teacher_RV)
            : pair.Scratch().copy_(pair.LogTeacher_RV).sub_(logMixture_RV).exp_().mul_(pair.Student_RV);
        return (pair.LogTeacher_RV.sub_(logMixture_RV).mul_(pair.Teacher_RV), slope_RV.mul_(lambda - 1));
    }

    /// <inheritdoc/>
    public override bool TryFill(LogitChunk chunk) => Fill(new Summands((float)lambda), chunk);

    private readonly struct Summands(float lambda) : IDivergenceFormula
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void At<T>(T logS, T s, T logT, T t, out T term, out T slope) where T : struct, ILane<T>
        {
            T logMixture = JensenShannon.LogMixture(s, t, lambda), logRatio = T.Subtract(logT, logMixture);
            term = T.Multiply(logRatio, t);
            // T·S/M through the ratio that is bounded: S/M ≤ 1/(1−λ), T/M ≤ 1/λ.
            T product = lambda < 0.5f ? T.Multiply(T.Exp(T.Subtract(logS, logMixture)), t) : T.Multiply(T.Exp(logRatio), s);
            slope = T.Multiply(product, T.All(lambda - 1));
        }
    }
}
