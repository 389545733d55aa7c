using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.WhatIf;

/// <summary>Rows and statistics of recorded rollouts, in double precision; what a rollout does not hold is null.</summary>
internal static class RecordedTokens
{
    // A recorded divergence is one of these two where its label says so: full vocabulary, temperature 1.
    private static readonly string s_reverseKl = LabelOf("reverse-kl"), s_forwardKl = LabelOf("forward-kl");

    /// <summary>The rows: every recorded token counts, except those that no stabilizer can have masked.</summary>
    public static TokenRows Rows(WhatIfQuestion question)
    {
        IReadOnlyList<RolloutRecord> rollouts = question.Rollouts;
        int count = rollouts.Sum(r => r.TokenIds.Length);
        return new TokenRows
        {
            StudentHidden_ND = torch.zeros(count, 0, dtype: torch.ScalarType.Float64),
            StudentHead_VD = null,
            VocabularySize = question.VocabularySize ?? 2,
            SampledIds_N = torch.tensor(rollouts.SelectMany(r => r.TokenIds).Select(id => (long)id).ToArray()),
            // A mask beside stages is theirs; without any it says what was trained.
            Weights_N = torch.tensor(rollouts.SelectMany(r => r.TokenIds.Select((_, t) => r.Stages is null ? r.Mask?[t] ?? 1.0 : 1.0)).ToArray()),
            Sequence_N = torch.tensor(rollouts.SelectMany((r, b) => r.TokenIds.Select(_ => (long)b)).ToArray()),
            Normalizer = count,
            SequenceNormalizer = rollouts.Count,
            Rewards_B = rollouts.All(r => r.Reward is not null) ? torch.tensor(rollouts.Select(r => r.Reward!.Value).ToArray()) : null,
            Groups_B = rollouts.All(r => r.Group is not null) ? torch.tensor(rollouts.Select(r => (long)r.Group!.Value).ToArray()) : null,
        };
    }

    /// <summary>The columns that the rollouts hold.</summary>
    public static TokenStatistics Statistics(IReadOnlyList<RolloutRecord> rollouts, double[]? margin_N)
    {
        torch.Tensor? student_N = Column(rollouts, r => r.StudentLogprobs);
        return new TokenStatistics
        {
            StudentLogprob_N = student_N,
            OldLogprob_N = student_N,
            SamplerLogprob_N = Column(rollouts, r => r.SamplerLogprobs),
            TeacherLogprob_N = Column(rollouts, r => r.TeacherLogprobs),
            TeacherEntropy_N = Column(rollouts, r => r.TeacherEntropy),
            StudentEntropy_N = Column(rollouts, r => r.StudentEntropy),
            ReverseKl_N = Column(rollouts, r => r.DivergenceLabel == s_reverseKl ? r.Divergence : null),
            ForwardKl_N = Column(rollouts, r => r.DivergenceLabel == s_forwardKl ? r.Divergence : null),
            Divergence_N = Column(rollouts, r => r.Divergence),
            Margin_N = margin_N is null ? null : torch.tensor(margin_N),
            ContextLogprobs_NK = Contexts_NK(rollouts),
            Texts_N = rollouts.SelectMany(r => r.TokenTexts).ToArray(),
            Sentence_N = rollouts.All(r => r.CharStart is not null) ? rollouts.SelectMany(r => SentenceSplitter.OfTokens(r.Response, r.CharStart!)).ToArray() : null,
            Turn_N = new int[rollouts.Sum(r => r.TokenIds.Length)],
        };
    }

    /// <summary>
    /// The teacher's margin among the student's top tokens at every token, from the recorded alternatives: known where two
    /// of the student's are among the teacher's recorded ones, because those that are not are less likely. NaN where it is not.
    /// </summary>
    public static double[] Margins(IReadOnlyList<RolloutRecord> rollouts, int topK) => rollouts.SelectMany(r => r.TokenIds.Select((_, t) => Margin(r, t, topK))).ToArray();

    private static double Margin(RolloutRecord rollout, int t, int topK)
    {
        if (rollout.StudentTopIds?[t] is not { } student || rollout.TeacherTopIds?[t] is not { } teacher || student.Length < topK) return double.NaN;
        int[] places = [.. Enumerable.Range(0, teacher.Length).Where(k => student.AsSpan(0, topK).Contains(teacher[k])).Take(2)]; // the teacher's best come first
        return places.Length < 2 ? double.NaN : rollout.TeacherTopLogprobs![t][places[0]] - rollout.TeacherTopLogprobs[t][places[1]];
    }

    private static string LabelOf(string divergence) => ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = divergence }).Label;

    private static torch.Tensor? Column(IReadOnlyList<RolloutRecord> rollouts, Func<RolloutRecord, float[]?> values) =>
        rollouts.All(r => values(r) is not null) ? torch.tensor(rollouts.SelectMany(r => values(r)!).Select(v => (double)v).ToArray()) : null;

    private static torch.Tensor? Contexts_NK(IReadOnlyList<RolloutRecord> rollouts)
    {
        double[][] rows = rollouts.SelectMany(r => r.ContextLogprobs ?? []).Select(row => row.Select(v => (double)v).ToArray()).ToArray();
        bool fits = rows.Length == rollouts.Sum(r => r.TokenIds.Length) && rows.Length > 0 && rows.All(r => r.Length == rows[0].Length);
        return fits ? torch.tensor(rows.SelectMany(r => r).ToArray(), [rows.Length, rows[0].Length]) : null;
    }
}
