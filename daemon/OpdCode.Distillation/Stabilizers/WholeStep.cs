using OpdCode.Distillation.Objectives;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>Puts the columns of a step's micro-batches one behind the other, without hidden states, and looks after who owns them.</summary>
internal static class WholeStep
{
    /// <summary>The rows without hidden states and heads; sequences are numbered on from <paramref name="firstSequence"/>.</summary>
    public static TokenRows WithoutModels(TokenRows rows, long firstSequence) => rows with
    {
        StudentHidden_ND = rows.StudentHidden_ND.detach().narrow(1, 0, 0).clone(),
        StudentHead_VD = null,
        TeacherHidden_NM = null,
        TeacherHead_WM = null,
        SampledIds_N = rows.SampledIds_N.alias(),
        Sequence_N = rows.Sequence_N + firstSequence,
    };

    /// <summary>One set of rows of all parts.</summary>
    public static TokenRows Join(IReadOnlyList<TokenRows> parts) => parts[0] with
    {
        StudentHidden_ND = torch.cat(parts.Select(p => p.StudentHidden_ND).ToArray()),
        SampledIds_N = torch.cat(parts.Select(p => p.SampledIds_N).ToArray()),
        Weights_N = torch.cat(parts.Select(p => p.Weights_N).ToArray()),
        Sequence_N = torch.cat(parts.Select(p => p.Sequence_N).ToArray()),
        SamplerLogprobs_N = null, // the statistics carry the columns of the models
        OldLogprobs_N = null,
        TeacherLogprobs_N = null,
        ContextLogprobs_NK = null,
        ContrastLogprobs_N = null,
        BaseLogprobs_N = null,
        CliffLambda_N = null,
        IsGiven_N = parts.All(p => p.IsGiven_N is null) ? null : torch.cat(parts.Select(p => p.IsGiven_N ?? torch.zeros_like(p.SampledIds_N, torch.@bool)).ToArray()),
        Rewards_B = Cat(parts, p => p.Rewards_B),
        Groups_B = Cat(parts, p => p.Groups_B),
        SequenceAdvantages_B = Cat(parts, p => p.SequenceAdvantages_B),
    };

    /// <summary>The same columns, owned by the scope around the current one.</summary>
    public static TokenRows Kept(TokenRows rows)
    {
        Move(rows.StudentHidden_ND, rows.SampledIds_N, rows.Weights_N, rows.Sequence_N, rows.IsGiven_N, rows.Rewards_B, rows.Groups_B, rows.SequenceAdvantages_B);
        return rows;
    }

    /// <summary>The same columns, owned by the scope around the current one.</summary>
    public static TokenStatistics Kept(TokenStatistics columns)
    {
        Move(columns.StudentLogprob_N, columns.OldLogprob_N, columns.SamplerLogprob_N, columns.TeacherLogprob_N, columns.TargetLogprob_N, columns.TeacherEntropy_N, columns.StudentEntropy_N, columns.JensenShannon_N, columns.ReverseKl_N, columns.ForwardKl_N, columns.Divergence_N, columns.Margin_N, columns.ContextLogprobs_NK);
        return columns;
    }

    // One column may stand in two places (old and current student): it is moved once, a second move would go too far out.
    private static void Move(params torch.Tensor?[] tensors)
    {
        foreach (torch.Tensor tensor in tensors.OfType<torch.Tensor>().Distinct(ReferenceEqualityComparer.Instance).Cast<torch.Tensor>()) tensor.MoveToOuterDisposeScope();
    }

    /// <summary>What the stabilizers made, owned by whoever disposes of <see cref="Tensors"/>.</summary>
    public static TokenRows Detached(TokenRows rows)
    {
        foreach (torch.Tensor tensor in Tensors(rows)) tensor.DetachFromDisposeScope();
        return rows;
    }

    /// <summary>The columns that outlive the preparation of a step, each once.</summary>
    public static IReadOnlyCollection<torch.Tensor> Tensors(TokenRows rows)
    {
        HashSet<torch.Tensor> tensors = new(ReferenceEqualityComparer.Instance) { rows.Weights_N };
        foreach (torch.Tensor? tensor in new[] { rows.AdvantageShift_N, rows.ConstantLoss_N, rows.Skew_N, rows.SequenceAdvantages_B })
            if (tensor is not null) tensors.Add(tensor);
        foreach (StageTrace stage in rows.Stages)
        {
            tensors.Add(stage.Before_N);
            tensors.Add(stage.After_N);
            if (stage.Shift_N is not null) tensors.Add(stage.Shift_N);
        }
        return tensors;
    }

    private static torch.Tensor? Cat(IReadOnlyList<TokenRows> parts, Func<TokenRows, torch.Tensor?> column) =>
        parts.All(p => column(p) is not null) ? torch.cat(parts.Select(p => column(p)!).ToArray()) : null;
}
