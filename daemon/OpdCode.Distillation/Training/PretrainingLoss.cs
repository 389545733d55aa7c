using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Sampled;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Protocol;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Training;

/// <summary>MiniLLM's pre-training loss: adds the gradient of a language-modelling loss on excerpts of a text to that of the step.</summary>
public sealed class PretrainingLoss
{
    private readonly PretrainingRecipe _pretraining;
    private readonly Recipe _recipe;
    private readonly LanguageModel _student;
    private readonly IJudge? _judge;
    private readonly CorpusText _corpus;
    private readonly DivergenceObjective _objective;

    private PretrainingLoss(PretrainingRecipe pretraining, Recipe recipe, LanguageModel student, IJudge? judge)
    {
        (_pretraining, _recipe, _student, _judge) = (pretraining, recipe, student, judge);
        int context = Math.Min(student.Decoder.Config.ContextLimit, judge?.ContextLimit ?? int.MaxValue);
        _corpus = new CorpusText(pretraining.Data, student, Math.Min(pretraining.Tokens, context), recipe.Seed);
        _objective = new DivergenceObjective(new LanguageModellingLoss(pretraining.JudgeShare), "language modelling (nats)", LossNormalization.Tokens, 1, 1, hasMass: false, pretraining.Coefficient);
    }

    /// <summary>The pre-training loss of a recipe; null where it has none, or one that counts 0 times.</summary>
    /// <param name="recipe">With absolute paths.</param>
    /// <param name="student">The model in training.</param>
    /// <param name="judge">Whose distribution is a part of the target; null where nobody judges.</param>
    /// <exception cref="OpdException">OPD1304: the judge has a share and there is none; OPD1201 or OPD2901 for a text that cannot be learned from.</exception>
    public static PretrainingLoss? Create(Recipe recipe, LanguageModel student, IJudge? judge)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(student);
        if (recipe.Pretraining is not { Coefficient: > 0 } pretraining) return null;
        if (pretraining.JudgeShare == 0) judge = null;
        else if (judge is null)
        {
            throw new OpdException(ErrorCodes.ObjectiveInputMissing, FormattableString.Invariant(
                $"pretraining.judgeShare is {pretraining.JudgeShare}, and the recipe has nobody who judges. Set it to 0, or add a signal."));
        }
        return new PretrainingLoss(pretraining, recipe, student, judge);
    }

    /// <summary>Adds the gradient of a step, micro-batch by micro-batch; what the loss was, by the name of its metric.</summary>
    /// <param name="step">From 1: the excerpts are a function of it.</param>
    /// <param name="cancel">Checked between micro-batches.</param>
    public IReadOnlyDictionary<string, double> Backward(int step, CancellationToken cancel)
    {
        int count = _pretraining.Excerpts ?? _recipe.Rollout.PromptsPerStep;
        Rollout[] excerpts = [.. Enumerable.Range(0, count).Select(i => _corpus.Excerpt((long)(step - 1) * count + i)).Where(ids => ids.Length > 1)
            .Select(ids => new Rollout { PromptIds = ids[..1], ResponseIds = ids[1..], Writer = RolloutWriter.Data })];
        double tokens = excerpts.Sum(e => e.ResponseIds.Length), loss = 0, next = 0;
        foreach (IReadOnlyList<Rollout> part in SequenceBatch.Split(excerpts, _recipe.Optimizer.MicroBatch))
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            SequenceBatch batch = SequenceBatch.Create(part, _student.Decoder.Device);
            ObjectiveResult result = _objective.Evaluate(Rows(batch, tokens, excerpts.Length));
            using (StepProfile.Measure("backward")) result.Loss.backward();
            loss += result.Loss.ToDouble();
            next -= result.Signals.StudentLogprob_N.sum().ToDouble();
        }
        return new Dictionary<string, double> { ["pretrainingLoss"] = loss / _pretraining.Coefficient, ["pretrainingNextToken"] = next / Math.Max(1, tokens) };
    }

    private TokenRows Rows(SequenceBatch batch, double tokens, int excerpts) => new()
    {
        StudentHidden_ND = batch.HiddenRows(_student.Decoder),
        StudentHead_VD = _student.Decoder.Head_VD,
        TeacherHidden_NM = _judge?.HiddenRows(batch),
        TeacherHead_WM = _judge?.Head_WM,
        VocabularySize = _student.VocabularySize,
        SampledIds_N = batch.SampledIds_N,
        Sequence_N = batch.Sequence_N,
        Weights_N = torch.ones(batch.Rows_N.shape[0], torch.float32, _student.Decoder.Device),
        Normalizer = tokens,
        SequenceNormalizer = excerpts,
    };
}
