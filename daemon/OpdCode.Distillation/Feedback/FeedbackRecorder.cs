using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Models.Tokenization;
using TorchSharp;

namespace OpdCode.Distillation.Feedback;

/// <summary>Turns what the loss saw into token feedback: one record a rollout, aligned arrays, in the order of its tokens.</summary>
public sealed class FeedbackRecorder(LanguageModel student, string label, int topK)
{
    /// <summary>Reads the feedback of the first sequences of a micro-batch; what it returns makes records of it, later and on any thread.</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="rows">The rows that the objective was given.</param>
    /// <param name="signals">The numbers it computed: recorded as they are.</param>
    /// <param name="step">The optimizer step.</param>
    /// <param name="firstIndex">Place of the batch's first sequence among the step's rollouts.</param>
    /// <param name="count">How many sequences to record.</param>
    public Func<IReadOnlyList<RolloutRecord>> Read(SequenceBatch batch, TokenRows rows, TokenSignals signals, int step, int firstIndex, int count)
    {
        using var scope = torch.NewDisposeScope();
        count = Math.Min(count, batch.Rollouts.Count);
        int n = batch.Rollouts.Take(count).Sum(r => r.ResponseIds.Length);
        if (n == 0) return () => [];
        torch.Tensor sampled_N = rows.SampledIds_N.narrow(0, 0, n);
        TokenAlternatives own = TokenAlternatives.Of(rows.StudentHidden_ND.detach().narrow(0, 0, n), rows.StudentHead_VD?.detach(), rows.VocabularySize, sampled_N, topK);
        TokenAlternatives? judged = rows.TeacherHidden_NM is null ? null
            : TokenAlternatives.Of(rows.TeacherHidden_NM.narrow(0, 0, n), rows.TeacherHead_WM, rows.VocabularySize, sampled_N, topK);
        float[] weights = Values(rows.Weights_N, n)!;
        float[]? studentLogprobs = Values(signals.StudentLogprob_N, n), teacherLogprobs = Values(signals.TeacherLogprob_N, n);
        float[]? divergence = Values(signals.Divergence_N, n), advantage = Values(signals.Advantage_N, n), loss = Values(signals.Loss_N, n);
        float[]? studentEntropy = Values(signals.StudentEntropy_N, n), teacherEntropy = Values(signals.TeacherEntropy_N, n);
        float[]? shift = Values(rows.AdvantageShift_N, n), cliffs = Values(rows.CliffLambda_N, n), skews = Values(rows.Skew_N, n);
        float[]? contexts = rows.ContextLogprobs_NK is null ? null : Values(rows.ContextLogprobs_NK.narrow(0, 0, n).reshape(-1), n * (int)rows.ContextLogprobs_NK.shape[1]);
        (string Name, float[] Weights)[] stages = [.. rows.Stages.Where(s => !signals.Terms.ContainsKey(s.Name)).Select(s => (s.Name, Values(s.After_N, n)!))];
        (string Name, float[] Loss)[] terms = [.. signals.Terms.Select(t => (t.Key, Values(t.Value, n)!))];

        IReadOnlyList<Rollout> rollouts = batch.Rollouts; // what is returned outlives the step, and must hold none of its tensors
        return () =>
        {
            var records = new List<RolloutRecord>();
            for (int i = 0, at = 0; i < count; at += rollouts[i].ResponseIds.Length, i++)
            {
                Rollout rollout = rollouts[i];
                var range = new Range(at, at + rollout.ResponseIds.Length);
                IReadOnlyList<TokenSpan> spans = student.Tokenizer.Spans(rollout.ResponseIds);
                records.Add(new RolloutRecord
                {
                    Step = step,
                    Index = firstIndex + i,
                    Prompt = student.Tokenizer.Decode(rollout.PromptIds, SpecialTokens.Add),
                    Response = student.Tokenizer.Decode(rollout.ResponseIds, SpecialTokens.Add),
                    Finish = rollout.Finish == FinishReason.Stop ? "stop" : "length",
                    DivergenceLabel = divergence is null ? null : label,
                    TokenIds = rollout.ResponseIds,
                    TokenTexts = rollout.ResponseIds.Select(student.Tokenizer.TokenText).ToArray(),
                    CharStart = spans.Select(s => s.CharStart).ToArray(),
                    CharEnd = spans.Select(s => s.CharEnd).ToArray(),
                    Mask = weights[range].Select(w => w == 0 ? 0 : 1).ToArray(),
                    SamplerLogprobs = rollout.SamplerLogprobs,
                    StudentLogprobs = studentLogprobs?[range],
                    TeacherLogprobs = teacherLogprobs?[range],
                    Divergence = divergence?[range],
                    StudentEntropy = studentEntropy?[range],
                    TeacherEntropy = teacherEntropy?[range],
                    Advantage = advantage?[range],
                    Weight = weights[range],
                    Loss = loss?[range],
                    Reward = rollout.Reward,
                    Group = rollout.Group,
                    Stages = stages.Length == 0 ? null : stages.ToDictionary(s => s.Name, s => s.Weights[range]),
                    AdvantageShift = shift?[range],
                    Terms = terms.Length == 0 ? null : terms.ToDictionary(t => t.Name, t => t.Loss[range]),
                    ContextLogprobs = contexts is null ? null : [.. contexts.Chunk(contexts.Length / n).Skip(at).Take(rollout.ResponseIds.Length)],
                    LambdaStar = cliffs?[range],
                    Skew = skews?[range],
                    StudentTopIds = own.Ids[range],
                    StudentTopTexts = Texts(own.Ids[range]),
                    StudentTopLogprobs = own.Logprobs[range],
                    TeacherTopIds = judged?.Ids[range],
                    TeacherTopTexts = judged is null ? null : Texts(judged.Ids[range]),
                    TeacherTopLogprobs = judged?.Logprobs[range],
                    TeacherRank = judged?.SampledRank[range],
                });
            }
            return records;
        };
    }

    private string[][] Texts(int[][] ids) => ids.Select(row => row.Select(student.Tokenizer.TokenText).ToArray()).ToArray();

    private static float[]? Values(torch.Tensor? tensor_N, int n) =>
        tensor_N?.narrow(0, 0, n).to_type(torch.float32).cpu().contiguous().data<float>().ToArray();
}
