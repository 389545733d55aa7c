using System.Globalization;
using OpdCode.Distillation.Objectives.Fused;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// Adaptive KL: (g_head·KL(T‖S) + g_tail·KL(S‖T)) / (g_head + g_tail). The tail is the teacher's least likely tokens up to
/// a cumulative mass μ, the head the rest; g is Σ|T − S| over each, without gradient. Range [0, ∞), nats. Source: Wu et
/// al. (arXiv 2404.02657), μ = 0.5, as KDFlow implements it; T = S gives 0 here, not 0/0.
/// </summary>
internal sealed class AdaptiveKl(double tailMass) : IDivergence
{
    // The head is rarely more than a handful of tokens; only a nearly flat teacher needs all of them sorted.
    private const long FirstGuess = 512;

    private readonly ReverseKl _reverse = new();

    /// <inheritdoc/>
    public string Formula => string.Create(CultureInfo.InvariantCulture, $"head gap·KL(teacher‖student) + tail gap·KL(student‖teacher), tail mass {tailMass}");

    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        torch.Tensor gap_RV = pair.Scratch().copy_(pair.Teacher_RV).sub_(pair.Student_RV).abs_();
        torch.Tensor all_R = gap_RV.sum(1);
        torch.Tensor head_R = HeadGap_R(pair.Teacher_RV, gap_RV);
        torch.Tensor headShare_R = (head_R / all_R).clamp_(0, 1).masked_fill_(all_R.eq(0), 0); // T = S: 0/0, and any share gives 0

        torch.Tensor forwardGradient_RV = pair.Scratch().copy_(pair.Student_RV).sub_(pair.Teacher_RV);
        torch.Tensor logTeacher_RV = pair.Scratch().copy_(pair.LogTeacher_RV);
        torch.Tensor forward_R = pair.Dot_R(pair.Teacher_RV, logTeacher_RV.sub_(pair.LogStudent_RV)).add_(pair.Student_RV.sum(1)).sub_(pair.Teacher_RV.sum(1)).clamp_min_(0);
        RowLossResult reverse = _reverse.Evaluate(pair, withGradient);
        torch.Tensor value_R = headShare_R * forward_R + (1 - headShare_R) * reverse.Value_R;
        if (!withGradient) return new RowLossResult(value_R, null);
        torch.Tensor headShare_R1 = headShare_R.unsqueeze(1);
        return new RowLossResult(value_R, reverse.Gradient_RV!.mul_(1 - headShare_R1).add_(forwardGradient_RV.mul_(headShare_R1)));
    }

    /// <summary>Σ|T − S| over the head of each row.</summary>
    private torch.Tensor HeadGap_R(torch.Tensor teacher_RV, torch.Tensor gap_RV)
    {
        long vocabulary = teacher_RV.shape[1];
        for (long k = Math.Min(FirstGuess, vocabulary); ; k = vocabulary)
        {
            (torch.Tensor top_RK, torch.Tensor ids_RK) = teacher_RV.topk((int)k, 1);
            torch.Tensor below_RK = 1 - top_RK.cumsum(1); // mass of everything after this token
            if (k < vocabulary && below_RK.select(1, k - 1).gt(tailMass).any().ToBoolean()) continue;
            torch.Tensor isHead_RK = (below_RK + top_RK).gt(tailMass); // with this token the rest would exceed μ
            return gap_RV.gather(1, ids_RK).mul_(isHead_RK.to(gap_RV.dtype)).sum(1);
        }
    }
}
