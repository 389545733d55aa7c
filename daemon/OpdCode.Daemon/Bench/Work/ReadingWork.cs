using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Decoding;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>A teacher's log-probability of every response token as runs compute it: packed, the head at response positions only, in chunks.</summary>
/// <param name="teacher">The model; disposed with this.</param>
/// <param name="inputs">The texts.</param>
internal sealed class ReadingWork(Decoder teacher, TrainingInputs inputs) : IBenchWork
{
    private readonly IObjective _measure = ObjectiveFactory.Create(new SupervisedObjectiveRecipe());

    /// <inheritdoc/>
    public void WarmUp() => Read([inputs.Rollouts[0]]);

    /// <inheritdoc/>
    public double Run()
    {
        Read(inputs.Rollouts);
        return inputs.ResponseTokens;
    }

    private void Read(IReadOnlyList<Rollout> rollouts)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        SequenceBatch batch = SequenceBatch.Create(rollouts, torch.CPU);
        torch.Tensor hidden_NM = batch.HiddenRows(teacher);
        _measure.Evaluate(new TokenRows
        {
            StudentHidden_ND = hidden_NM, StudentHead_VD = teacher.Head_VD, VocabularySize = teacher.Config.VocabularySize, SampledIds_N = batch.SampledIds_N,
            Sequence_N = batch.Sequence_N, Weights_N = torch.ones(hidden_NM.shape[0]), Normalizer = 1,
        });
    }

    /// <inheritdoc/>
    public void Dispose() => teacher.Dispose();
}
