namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// A loss that is a sum over rows and whose gradient on the student's logits is known in closed form, so that it can be
/// computed together with the value, a few rows at a time, without autograd and without keeping the logits.
/// </summary>
internal interface IRowLoss
{
    /// <summary>Whether the teacher's distribution is needed.</summary>
    bool NeedsTeacher { get; }

    /// <summary>Value and, when asked, gradient of each row. May overwrite the tensors of <paramref name="pair"/>.</summary>
    RowLossResult Evaluate(DistributionPair pair, bool withGradient);

    /// <summary>The same from logits that kernels reach, without any tensor in between; false where there is no such way.</summary>
    bool TryFill(LogitChunk chunk) => false;
}
