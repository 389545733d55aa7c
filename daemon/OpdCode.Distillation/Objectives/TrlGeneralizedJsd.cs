using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Distillation.Objectives.Fused;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// TRL's <c>generalized_jsd_loss</c>, reproduced for comparisons: β = 0 means KL(teacher‖student) and β = 1
/// KL(student‖teacher), its mask, and its order of reductions. Recipes name the divergence instead; there TRL's
/// "batchmean" is normalize "tokens".
/// </summary>
/// <remarks>
/// Temperature divides both logits and there is no τ² factor. num_items_in_batch wins over the reduction; "batchmean"
/// divides by the number of unmasked tokens (at least 1), or by the first dimension without labels; "mean" divides by
/// tokens × vocabulary, which is smaller by the vocabulary size. Logits and labels come shifted already, as in TRL's callers.
/// </remarks>
public static class TrlGeneralizedJsd
{
    private const long IgnoredLabel = -100;

    /// <summary>The loss as a scalar with gradient to <paramref name="studentLogits_BTV"/>.</summary>
    /// <param name="studentLogits_BTV">[B, T, V] or [N, V], with gradient.</param>
    /// <param name="teacherLogits_BTV">The same shape.</param>
    /// <param name="labels_BT">Positions with −100 are left out; null: all count.</param>
    /// <param name="beta">0, 1, or the teacher's weight in the mixture.</param>
    /// <param name="temperature">Divides both logits.</param>
    /// <param name="reduction">"batchmean", "sum" or "mean".</param>
    /// <param name="itemsInBatch">num_items_in_batch: where given, the sum is divided by it whatever the reduction.</param>
    /// <exception cref="ArgumentException">Another reduction.</exception>
    public static torch.Tensor Loss(torch.Tensor studentLogits_BTV, torch.Tensor teacherLogits_BTV, torch.Tensor? labels_BT = null,
        double beta = 0.5, double temperature = 1, string reduction = "batchmean", double? itemsInBatch = null)
    {
        long vocabulary = studentLogits_BTV.shape[^1];
        torch.Tensor student_NV = studentLogits_BTV.reshape(-1, vocabulary), teacher_NV = teacherLogits_BTV.detach().reshape(-1, vocabulary);
        if (labels_BT is not null)
        {
            torch.Tensor kept_N = labels_BT.reshape(-1).ne(IgnoredLabel).nonzero().squeeze(1);
            (student_NV, teacher_NV) = (student_NV.index_select(0, kept_N), teacher_NV.index_select(0, kept_N));
        }
        long tokens = student_NV.shape[0];
        double divisor = (itemsInBatch, reduction) switch
        {
            ({ } items, _) => items,
            (_, "batchmean") => labels_BT is not null ? Math.Max(tokens, 1) : Math.Max(studentLogits_BTV.shape[0], 1),
            (_, "sum") => 1,
            (_, "mean") => tokens * vocabulary,
            _ => throw new ArgumentException($"The reduction \"{reduction}\" is not one of batchmean, sum, mean.", nameof(reduction)),
        };
        IRowLoss divergence = beta switch { 0 => new ForwardKl(), 1 => new ReverseKl(), _ => new JensenShannon(beta) };
        DivergenceObjective objective = new(divergence, "TRL", LossNormalization.Tokens, temperature, temperature, hasMass: false);
        return objective.Evaluate(new TokenRows
        {
            StudentHidden_ND = student_NV,
            StudentHead_VD = null,
            TeacherHidden_NM = teacher_NV,
            VocabularySize = (int)vocabulary,
            SampledIds_N = torch.zeros(tokens, dtype: torch.ScalarType.Int64, device: student_NV.device),
            Weights_N = torch.ones(tokens, device: student_NV.device),
            Sequence_N = torch.zeros(tokens, dtype: torch.ScalarType.Int64, device: student_NV.device),
            Normalizer = divisor,
        }).Loss;
    }
}
