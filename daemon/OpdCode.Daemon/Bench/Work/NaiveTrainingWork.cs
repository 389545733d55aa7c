using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>
/// The same step as plain code makes it: padded rows, whole [B, T, V] logits and log-probabilities of both models,
/// ordinary autograd, an optimizer that goes through the parameters one by one.
/// </summary>
internal sealed class NaiveTrainingWork : IBenchWork
{
    private readonly Decoder _student;
    private readonly Decoder _teacher;
    private readonly TrainingInputs _inputs;
    private readonly bool _withTeacher;
    private NaiveAdamW? _optimizer;
    private torch.Tensor? _teacherHidden_BTM;

    /// <param name="student">Learns; disposed with this.</param>
    /// <param name="teacher">Judges; disposed with this.</param>
    /// <param name="inputs">The texts.</param>
    /// <param name="withTeacher">Whether the teacher's reading is part of the step.</param>
    public NaiveTrainingWork(Decoder student, Decoder teacher, TrainingInputs inputs, bool withTeacher)
    {
        (_student, _teacher, _inputs, _withTeacher) = (student, teacher, inputs, withTeacher);
        student.Weights.EnableTraining();
    }

    /// <inheritdoc/>
    public void WarmUp()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        _student.Hidden(torch.zeros(1, 8, dtype: torch.int64), AttentionPattern.Causal);
        _optimizer ??= new NaiveAdamW(_student.Weights);
        if (!_withTeacher) _teacherHidden_BTM ??= Padded(_teacher).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public double Run()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _student.Weights.ZeroGradients();
        torch.Tensor mask_BT = _inputs.PaddedMask_BT(), logTeacher_BTV;
        long predicted = mask_BT.shape[1];
        using (torch.no_grad())
            logTeacher_BTV = _teacher.Logits(_teacherHidden_BTM ?? Padded(_teacher)).narrow(1, 0, predicted).log_softmax(-1);
        torch.Tensor logStudent_BTV = _student.Logits(Padded(_student)).narrow(1, 0, predicted).log_softmax(-1);
        torch.Tensor divergence_BT = (logStudent_BTV.exp() * (logStudent_BTV - logTeacher_BTV)).sum(-1);
        torch.Tensor loss = (divergence_BT * mask_BT).sum() / mask_BT.sum();
        loss.backward();
        _optimizer!.Step(1e-6);
        return _inputs.ResponseTokens;
    }

    private torch.Tensor Padded(Decoder model) => model.Hidden(_inputs.PaddedIds_BT(), AttentionPattern.Causal);

    /// <inheritdoc/>
    public void Dispose()
    {
        _teacherHidden_BTM?.Dispose();
        _optimizer?.Dispose();
        _teacher.Dispose();
        _student.Dispose();
    }
}
