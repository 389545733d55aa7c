using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using TorchSharp;

namespace OpdCode.Distillation.Evaluation;

/// <summary>The student's next-token loss on some given answers, nats per token; the same weights give the same number.</summary>
/// <param name="student">As it is when asked.</param>
/// <param name="answers">The answers behind their prompts.</param>
internal sealed class CompletionLoss(LanguageModel student, IReadOnlyList<Rollout> answers)
{
    private const int BatchSize = 64;

    /// <summary>−mean log p_student over all tokens of the answers.</summary>
    public double Mean()
    {
        double sum = 0;
        long tokens = 0;
        foreach (Rollout[] part in answers.Chunk(BatchSize))
        {
            using var none = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            SequenceBatch batch = SequenceBatch.Create(part, student.Decoder.Device);
            sum -= HeadProbe.Logprobs_N(batch.HiddenRows(student.Decoder), student.Decoder.Head_VD, student.VocabularySize, batch.SampledIds_N).sum().ToDouble();
            tokens += batch.Rows_N.shape[0];
        }
        return sum / Math.Max(1, tokens);
    }
}
