using OpdCode.Distillation.Kernels;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Divergences;

/// <summary>
/// A divergence over the k most likely tokens of one or both models instead of the vocabulary. With a tail bucket it is a
/// divergence of the coarsened distributions, never above the full one. Renormalised it is a divergence of the
/// conditionals; with the teacher alone renormalised, of its conditional from the whole student. Without a tail it is a partial sum: a surrogate, not a divergence, and it can be negative.
/// </summary>
/// <remarks>
/// Gradient on the student's logits, with ĝ the inner divergence's gradient over the support's outcomes: ĝ_j at token j of
/// the support; in the tail S_v/S_tail · ĝ_tail with a bucket, 0 renormalised. Partial sum: slope_j inside, minus
/// S_v · Σ slope everywhere. Source: TRL's SDPO (tail), verl (partial sum), ms-swift (renormalised).
/// </remarks>
internal sealed class TopKLoss(IDivergence inner, SupportOwner owner, int k, SupportTail tail) : IRowLoss
{
    /// <inheritdoc/>
    public bool NeedsTeacher => true;

    /// <inheritdoc/>
    public RowLossResult Evaluate(DistributionPair pair, bool withGradient)
    {
        if (k >= pair.Student_RV.shape[1])
        {
            torch.Tensor one_R = torch.ones_like(pair.SampledIds_R, dtype: pair.Student_RV.dtype);
            return inner.Evaluate(pair, withGradient) with { StudentMass_R = one_R, TeacherMass_R = one_R };
        }
        torch.Tensor ids_RK = Support_RK(pair, out torch.Tensor? repeated_RK);
        torch.Tensor logStudent_RK = Gather_RK(pair.LogStudent_RV, ids_RK, repeated_RK);
        torch.Tensor logTeacher_RK = Gather_RK(pair.LogTeacher_RV, ids_RK, repeated_RK);
        torch.Tensor studentMass_R = logStudent_RK.exp().sum(1), teacherMass_R = logTeacher_RK.exp().sum(1);
        RowLossResult result = tail switch
        {
            SupportTail.Bucket => WithBucket(pair, ids_RK, logStudent_RK, logTeacher_RK, withGradient),
            SupportTail.RenormalizeTeacher => TeacherRenormalised(pair, ids_RK, logTeacher_RK, withGradient),
            SupportTail.Renormalize => Renormalised(pair, ids_RK, logStudent_RK, logTeacher_RK, withGradient),
            _ => PartialSum(pair, ids_RK, logStudent_RK, logTeacher_RK, withGradient),
        };
        return result with { StudentMass_R = studentMass_R.clamp_max_(1), TeacherMass_R = teacherMass_R.clamp_max_(1) };
    }

    /// <summary>The same without overwriting the pair.</summary>
    public RowLossResult OnCopy(DistributionPair pair, bool withGradient) => Evaluate(pair.Copy(), withGradient);

    private RowLossResult WithBucket(DistributionPair pair, torch.Tensor ids_RK, torch.Tensor logStudent_RK, torch.Tensor logTeacher_RK, bool withGradient)
    {
        // What is left after taking the support out, summed itself: 1 − Σ would lose all digits of a small tail.
        torch.Tensor rest_RV = pair.Student_RV.scatter_(1, ids_RK, torch.zeros_like(logStudent_RK));
        torch.Tensor studentTail_R1 = rest_RV.sum(1, keepdim: true);
        torch.Tensor teacherTail_R1 = pair.Teacher_RV.scatter_(1, ids_RK, torch.zeros_like(logTeacher_RK)).sum(1, keepdim: true);
        using BlockWorkspace workspace = SmallWorkspace(ids_RK, 1, logStudent_RK.dtype);
        DistributionPair reduced = DistributionPair.FromLogProbabilities(workspace,
            torch.cat([logStudent_RK, studentTail_R1.log()], 1), torch.cat([logTeacher_RK, teacherTail_R1.log()], 1), pair.SampledIds_R);
        reduced.Skew_R1 = pair.Skew_R1;
        RowLossResult result = inner.Evaluate(reduced, withGradient);
        if (!withGradient) return result;
        long size = ids_RK.shape[1];
        torch.Tensor perTail_R1 = result.Gradient_RV!.narrow(1, size, 1).div(studentTail_R1).masked_fill_(studentTail_R1.eq(0), 0);
        return result with { Gradient_RV = rest_RV.mul_(perTail_R1).scatter_add_(1, ids_RK, result.Gradient_RV.narrow(1, 0, size)) };
    }

    private RowLossResult Renormalised(DistributionPair pair, torch.Tensor ids_RK, torch.Tensor logStudent_RK, torch.Tensor logTeacher_RK, bool withGradient)
    {
        using BlockWorkspace workspace = SmallWorkspace(ids_RK, 0, logStudent_RK.dtype);
        DistributionPair reduced = DistributionPair.FromLogProbabilities(workspace, logStudent_RK.log_softmax(1), logTeacher_RK.log_softmax(1), pair.SampledIds_R);
        reduced.Skew_R1 = pair.Skew_R1;
        RowLossResult result = inner.Evaluate(reduced, withGradient);
        return withGradient ? result with { Gradient_RV = pair.Student_RV.zero_().scatter_add_(1, ids_RK, result.Gradient_RV!) } : result;
    }

    // The student stays whole: what it has outside of the support counts against it.
    private RowLossResult TeacherRenormalised(DistributionPair pair, torch.Tensor ids_RK, torch.Tensor logTeacher_RK, bool withGradient)
    {
        pair.Teacher_RV.zero_().scatter_add_(1, ids_RK, logTeacher_RK.softmax(1)); // a token of both lists comes once with its mass and once with none
        pair.LogTeacher_RV.copy_(pair.Teacher_RV).log_().clamp_min_(DistributionPair.LogFloor);
        return inner.Evaluate(pair, withGradient);
    }

    private RowLossResult PartialSum(DistributionPair pair, torch.Tensor ids_RK, torch.Tensor logStudent_RK, torch.Tensor logTeacher_RK, bool withGradient)
    {
        using BlockWorkspace workspace = SmallWorkspace(ids_RK, 0, logStudent_RK.dtype);
        DistributionPair reduced = DistributionPair.FromLogProbabilities(workspace, logStudent_RK, logTeacher_RK, pair.SampledIds_R);
        reduced.Skew_R1 = pair.Skew_R1;
        (torch.Tensor term_RK, torch.Tensor slope_RK) = ((Divergence)inner).Terms(reduced);
        return new RowLossResult(term_RK.sum(1),
            withGradient ? pair.Student_RV.mul_(slope_RK.sum(1, keepdim: true).neg_()).scatter_add_(1, ids_RK, slope_RK) : null);
    }

    /// <summary>Token ids of the support; a token of both models' lists is marked repeated the second time.</summary>
    private torch.Tensor Support_RK(DistributionPair pair, out torch.Tensor? repeated_RK)
    {
        repeated_RK = null;
        if (owner == SupportOwner.Student) return TopTokens.Ids_RK(pair.Student_RV, k);
        torch.Tensor teacher_RK = TopTokens.Ids_RK(pair.Teacher_RV, k);
        if (owner == SupportOwner.Teacher) return teacher_RK;
        torch.Tensor student_RK = TopTokens.Ids_RK(pair.Student_RV, k);
        torch.Tensor again_RK = student_RK.unsqueeze(2).eq(teacher_RK.unsqueeze(1)).any(2, false);
        repeated_RK = torch.cat([torch.zeros_like(again_RK), again_RK], 1);
        return torch.cat([teacher_RK, student_RK], 1);
    }

    // A repeated token becomes an outcome of probability 0 on both sides, which no divergence sees.
    private static torch.Tensor Gather_RK(torch.Tensor log_RV, torch.Tensor ids_RK, torch.Tensor? repeated_RK)
    {
        torch.Tensor log_RK = log_RV.gather(1, ids_RK);
        return repeated_RK is null ? log_RK : log_RK.masked_fill_(repeated_RK, double.NegativeInfinity);
    }

    private static BlockWorkspace SmallWorkspace(torch.Tensor ids_RK, int extra, torch.ScalarType type) =>
        new(ids_RK.shape[0], ids_RK.shape[1] + extra, type, ids_RK.device);
}
