using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Distillation.Objectives.Sampled;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Computes the columns of <see cref="TokenStatistics"/> that somebody asked for, without gradient: one chunked pass over
/// both heads for the first divergence and everything else, one more for each further divergence and for the margin. Nothing of
/// shape [N, V] is held.
/// </summary>
internal static class TokenMeasurement
{
    // log-probabilities are cut off at −1e4 everywhere (see DistributionPair), so no margin is above it.
    private const double LargestMargin = 1e4;

    /// <summary>Measures the rows of a micro-batch.</summary>
    /// <param name="rows">The rows, before any stabilizer.</param>
    /// <param name="needs">What is asked for.</param>
    /// <param name="objective">Whose divergence is meant.</param>
    /// <param name="places">The text behind the rows; null where there is none.</param>
    /// <param name="marginTopK">The student's top tokens that the margin looks at.</param>
    public static TokenStatistics Of(TokenRows rows, StabilizerNeeds needs, IObjective objective, ResponsePlaces? places, int marginTopK)
    {
        using var none = torch.no_grad();
        TokenStatistics statistics = new()
        {
            SamplerLogprob_N = rows.SamplerLogprobs_N?.detach(),
            ContextLogprobs_NK = rows.ContextLogprobs_NK?.detach(),
            Texts_N = needs.HasFlag(StabilizerNeeds.Texts) ? places?.Texts_N : null,
            Sentence_N = needs.HasFlag(StabilizerNeeds.Sentences) ? places?.Sentence_N : null,
            Turn_N = needs.HasFlag(StabilizerNeeds.Turns) ? places?.Turn_N : null,
        };
        RowSignalBuffers? seen = null; // what any pass over both heads finds besides its divergence
        if (rows.TeacherHidden_NM is not null)
        {
            if (needs.HasFlag(StabilizerNeeds.JensenShannon)) statistics = statistics with { JensenShannon_N = Fixed_N(new JensenShannon(0.5)) };
            if (needs.HasFlag(StabilizerNeeds.ReverseKl)) statistics = statistics with { ReverseKl_N = Fixed_N(new ReverseKl()) };
            if (needs.HasFlag(StabilizerNeeds.ForwardKl)) statistics = statistics with { ForwardKl_N = Fixed_N(new ForwardKl()) };
            if (seen is not null) statistics = statistics with { StudentEntropy_N = seen.StudentEntropy_N };
        }
        if ((needs & (StabilizerNeeds.Models | StabilizerNeeds.Divergence)) != 0) statistics = WithModels(statistics, rows, objective, needs.HasFlag(StabilizerNeeds.Divergence), seen);
        if (needs.HasFlag(StabilizerNeeds.Margin) && rows.TeacherHidden_NM is not null) statistics = statistics with { Margin_N = Margin_N(rows, marginTopK) };
        return statistics;

        torch.Tensor Fixed_N(IRowLoss divergence)
        {
            RowSignalBuffers signals = Pass(rows, divergence);
            seen ??= signals;
            return signals.Loss_N;
        }
    }

    private static RowSignalBuffers Pass(TokenRows rows, IRowLoss loss)
    {
        RowSignalBuffers signals = RowSignalBuffers.For(rows, hasMass: false);
        new FusedLoss(loss, 1, 1).Apply(rows, torch.zeros_like(signals.Loss_N), signals);
        return signals;
    }

    private static TokenStatistics WithModels(TokenStatistics statistics, TokenRows rows, IObjective objective, bool withDivergence, RowSignalBuffers? seen)
    {
        torch.Tensor student_N, studentEntropy_N;
        torch.Tensor? teacher_N, entropy_N, divergence_N = null;
        if (withDivergence && objective.HasDivergence)
        {
            TokenSignals signals = objective.Evaluate(rows with { Terms = [] }).Signals;
            (student_N, teacher_N, studentEntropy_N, entropy_N, divergence_N) = (signals.StudentLogprob_N, signals.TeacherLogprob_N, signals.StudentEntropy_N, signals.TeacherEntropy_N, signals.Divergence_N);
        }
        else
        {
            RowSignalBuffers signals = seen ?? Pass(rows, NoLoss.Instance);
            (student_N, teacher_N, studentEntropy_N, entropy_N) = (signals.StudentLogprob_N, signals.TeacherLogprob_N, signals.StudentEntropy_N, signals.TeacherEntropy_N);
        }
        teacher_N ??= rows.TeacherLogprobs_N?.detach().to(student_N.dtype);
        return statistics with
        {
            StudentLogprob_N = student_N,
            OldLogprob_N = rows.OldLogprobs_N?.detach().to(student_N.dtype) ?? student_N,
            TeacherLogprob_N = teacher_N,
            TargetLogprob_N = teacher_N is null || rows.BaseLogprobs_N is null ? null : LogRatioAdvantage.Target_N(rows, teacher_N),
            StudentEntropy_N = statistics.StudentEntropy_N ?? studentEntropy_N, // a fixed divergence's pass has no temperature, the objective's may
            TeacherEntropy_N = entropy_N,
            Divergence_N = divergence_N,
        };
    }

    /// <summary>The teacher's best minus second-best logit among the student's <paramref name="topK"/> most likely tokens, shape [N].</summary>
    private static torch.Tensor Margin_N(TokenRows rows, int topK)
    {
        LogitSource student = new(rows.StudentHidden_ND, rows.StudentHead_VD, rows.VocabularySize, "student");
        LogitSource teacher = new(rows.TeacherHidden_NM!, rows.TeacherHead_WM, rows.VocabularySize, "teacher");
        ChunkPlan plan = ChunkPlan.For(student.Rows, rows.VocabularySize, rows.StudentHidden_ND.dtype.ElementSize(), rows.StudentHidden_ND.device.type == DeviceType.CPU);
        torch.Tensor margin_N = torch.zeros(student.Rows, dtype: student.ComputeType, device: rows.StudentHidden_ND.device);
        using torch.Tensor studentBuffer = student.NewBuffer(plan.ChunkRows), teacherBuffer = teacher.NewBuffer(plan.ChunkRows);
        foreach ((long start, long count) in plan.Chunks)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.Tensor student_CV = studentBuffer.narrow(0, 0, count), teacher_CV = teacherBuffer.narrow(0, 0, count);
            student.Fill(start, student_CV);
            teacher.Fill(start, teacher_CV);
            torch.Tensor candidates_CK = student_CV.topk((int)Math.Min(topK, rows.VocabularySize), 1).indexes;
            torch.Tensor best_C2 = teacher_CV.gather(1, candidates_CK).to(student.ComputeType).topk(2, 1).values;
            torch.Tensor margin_C = (best_C2.select(1, 0) - best_C2.select(1, 1)).nan_to_num(0, LargestMargin, 0).clamp_(0, LargestMargin);
            margin_N.narrow(0, start, count).copy_(margin_C);
        }
        return margin_N;
    }
}
