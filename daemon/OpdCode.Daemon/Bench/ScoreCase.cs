using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Decoding;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>
/// A teacher's log-probability of every response token. Ours: packed, the head at response positions only, in chunks.
/// Naive: padded rows, logits at every position, log-softmax over the whole tensor, gather.
/// </summary>
internal sealed class ScoreCase : IBenchCase
{
    private readonly Decoder _teacher;
    private readonly TrainingInputs _inputs;
    private readonly IObjective _measure = ObjectiveFactory.Create(new SupervisedObjectiveRecipe());

    public ScoreCase(BenchSetting setting)
    {
        _teacher = setting.CreateDecoder(BenchShape.Teacher);
        _inputs = new TrainingInputs(_teacher.Config.VocabularySize);
    }

    /// <inheritdoc/>
    public string Unit => "tokens/s";

    /// <inheritdoc/>
    public bool HasBaseline => true;

    /// <inheritdoc/>
    public void WarmUp(BenchSide side)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        _teacher.Hidden(torch.zeros(1, 8, dtype: torch.int64), AttentionPattern.Causal);
        Ours(_inputs.Rollouts.Take(1).ToArray());
    }

    /// <inheritdoc/>
    public double Run(BenchSide side)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        if (side == BenchSide.Ours) Ours(_inputs.Rollouts);
        else Naive();
        return _inputs.ResponseTokens;
    }

    private void Ours(IReadOnlyList<Rollout> rollouts)
    {
        SequenceBatch batch = SequenceBatch.Create(rollouts, torch.CPU);
        torch.Tensor hidden_NM = batch.HiddenRows(_teacher);
        _measure.Evaluate(new TokenRows
        {
            StudentHidden_ND = hidden_NM, StudentHead_VD = _teacher.Head_VD, VocabularySize = _teacher.Config.VocabularySize, SampledIds_N = batch.SampledIds_N,
            Sequence_N = batch.Sequence_N, Weights_N = torch.ones(hidden_NM.shape[0]), Normalizer = 1,
        });
    }

    private void Naive()
    {
        torch.Tensor ids_BT = _inputs.PaddedIds_BT(), logits_BTV = _teacher.Logits(_teacher.Hidden(ids_BT, AttentionPattern.Causal));
        torch.Tensor logprobs_BTV = logits_BTV.narrow(1, 0, ids_BT.shape[1] - 1).log_softmax(-1);
        (logprobs_BTV.gather(2, ids_BT.narrow(1, 1, ids_BT.shape[1] - 1).unsqueeze(2)).squeeze(2) * _inputs.PaddedMask_BT()).sum();
    }

    /// <inheritdoc/>
    public double? Ceiling(BenchMachine machine)
    {
        double head = 2.0 * _teacher.Config.VocabularySize * _teacher.Config.HiddenSize * _inputs.ResponseTokens, blocks = 2.0 * TrainingInputs.BlockWeights(_teacher) * _inputs.Tokens;
        return _inputs.ResponseTokens / machine.Seconds(head + blocks, 4.0 * _teacher.Config.ParameterCount);
    }

    /// <inheritdoc/>
    public void Dispose() => _teacher.Dispose();
}
