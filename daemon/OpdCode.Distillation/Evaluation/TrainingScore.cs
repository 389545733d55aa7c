using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Objectives.Divergences;
using OpdCode.Distillation.Rewards;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Signals;
using OpdCode.Models;
using OpdCode.Models.Generation;
using OpdCode.Protocol;
using OpdCode.Recipes;
using OpdCode.Recipes.Data;
using TorchSharp;

namespace OpdCode.Distillation.Evaluation;

/// <summary>
/// How good the student is on some prompts of the training data that are drawn once: the mean reward of greedy answers, or
/// without rewards −KL(student‖judge) per token of them (inferred). The same weights give the same number.
/// </summary>
internal sealed class TrainingScore
{
    private const int BatchSize = 64;

    private readonly Recipe _recipe;
    private readonly LanguageModel _student;
    private readonly RolloutRewards _rewards;
    private readonly ITokenSignal _signal;
    private readonly EncodedPrompt[] _prompts;

    /// <summary>Draws the prompts.</summary>
    /// <exception cref="OpdException">OPD1321 when there is neither a reward nor a judge to score with.</exception>
    public TrainingScore(Recipe recipe, int count, LanguageModel student, PromptSource prompts, RolloutRewards rewards, ITokenSignal signal)
    {
        (_recipe, _student, _rewards, _signal) = (recipe, student, rewards, signal);
        if (recipe.Rewards.Count == 0 && signal is NoSignal)
            throw new OpdException(ErrorCodes.ContextInvalid, "acceleration scores candidates by the recipe's rewards, or by a judge's opinion, and the recipe has neither. Add \"rewards\" or a signal.");
        IReadOnlyList<TrainingExample> examples = prompts.Loaded;
        var encoder = new PromptEncoder(recipe.Data.Train, student, recipe.Data.Format, recipe.Rollout.MaxNewTokens);
        _prompts = [.. CounterRandom.Permutation(examples.Count, recipe.Seed, RandomStream.ValidationPrompts).Take(count).Select(i => new EncodedPrompt(examples[i], encoder.Encode(examples[i])))];
    }

    /// <summary>The score of the student as it is; higher is better.</summary>
    public double Of(CancellationToken cancel)
    {
        double sum = 0, count = 0;
        foreach (EncodedPrompt[] batch in _prompts.Chunk(BatchSize))
        {
            using var none = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            var options = new SamplingOptions { MaxNewTokens = _recipe.Rollout.MaxNewTokens, Temperature = 0, StopIds = _student.StopIds };
            IReadOnlyList<GeneratedSequence> written = Generator.Generate(_student.Decoder, _student.VocabularySize,
                batch.Select(p => p.Ids).ToArray(), batch.Select((_, i) => (long)i).ToArray(), options, cancel: cancel);
            IReadOnlyList<Rollout> rollouts = _rewards.Score([.. batch.Select((prompt, i) => new Rollout
            {
                Source = prompt.Example, Group = i, PromptIds = prompt.Ids, ResponseIds = written[i].Ids, Finish = written[i].Finish,
            })], cancel);
            (double part, double weight) = _recipe.Rewards.Count > 0 ? (rollouts.Sum(r => r.Reward!.Value), rollouts.Count) : Agreement(rollouts, cancel);
            sum += part;
            count += weight;
        }
        return count == 0 ? double.NaN : sum / count;
    }

    // Minus the summed KL(student‖judge), and the number of tokens.
    private (double Sum, double Tokens) Agreement(IReadOnlyList<Rollout> rollouts, CancellationToken cancel)
    {
        Rollout[] judged = [.. _signal.Prepare(rollouts, 0, cancel).Where(r => r.ResponseIds.Length > 0)];
        if (judged.Length == 0) return (0, 0);
        SequenceBatch batch = SequenceBatch.Create(judged, _student.Decoder.Device);
        TokenRows rows = _signal.Judge(batch, new TokenRows
        {
            StudentHidden_ND = batch.HiddenRows(_student.Decoder), StudentHead_VD = _student.Decoder.Head_VD.detach(), VocabularySize = _student.VocabularySize,
            SampledIds_N = batch.SampledIds_N, Sequence_N = batch.Sequence_N, Weights_N = torch.ones(batch.Rows_N.shape[0], torch.float32, _student.Decoder.Device), Normalizer = 1,
        });
        long tokens = batch.Rows_N.shape[0];
        ObjectiveResult result = new DivergenceObjective(new ReverseKl(), "validation", LossNormalization.Sum, 1, 1, hasMass: false).Evaluate(rows);
        return (-result.Loss.ToDouble(), tokens);
    }
}
