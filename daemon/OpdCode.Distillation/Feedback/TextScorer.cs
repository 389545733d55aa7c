using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using TorchSharp;

namespace OpdCode.Distillation.Feedback;

/// <summary>Token feedback of any text: runs the training path without the update, so a number here is the number in the gradient.</summary>
public static class TextScorer
{
    /// <summary>What the teacher says about each token of a response.</summary>
    /// <param name="student">The model whose text it could be.</param>
    /// <param name="teacher">The judge; must share the student's token ids.</param>
    /// <param name="objective">Which divergence is shown.</param>
    /// <param name="promptIds">What stands before, at least one token.</param>
    /// <param name="responseIds">What is judged, at least one token.</param>
    /// <param name="topK">Alternatives per token.</param>
    public static RolloutRecord Score(LanguageModel student, TeacherSignal teacher, IObjective objective, int[] promptIds, int[] responseIds, int topK)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var batch = SequenceBatch.Create([new Rollout { PromptIds = promptIds, ResponseIds = responseIds }], student.Decoder.Device);
        var rows = new TokenRows
        {
            StudentHidden_ND = batch.HiddenRows(student.Decoder),
            StudentHead_VD = student.Decoder.Head_VD,
            TeacherHidden_NM = teacher.Score(batch),
            TeacherHead_WM = teacher.Head_WM,
            VocabularySize = student.VocabularySize,
            SampledIds_N = batch.SampledIds_N,
            Sequence_N = batch.Sequence_N,
            Weights_N = torch.ones(responseIds.Length, torch.float32, student.Decoder.Device),
            Normalizer = responseIds.Length,
        };
        ObjectiveResult result = objective.Evaluate(rows);
        return new FeedbackRecorder(student, objective.Label, topK).Read(batch, rows, result.Signals, 0, 0, 1)()[0] with { Split = "score" };
    }
}
