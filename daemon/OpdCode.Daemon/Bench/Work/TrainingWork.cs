using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Training;
using OpdCode.Models.Decoding;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>
/// A training step under full reverse KL as runs make it: packed, fused, flat. Student forward, both heads, loss, backward,
/// clip, AdamW; with or without the teacher's reading, whose hidden states are else computed before the clock starts.
/// </summary>
internal sealed class TrainingWork : IBenchWork
{
    private readonly Decoder _student;
    private readonly Decoder _teacher;
    private readonly TrainingInputs _inputs;
    private readonly bool _withTeacher;
    private readonly IObjective _objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "reverse-kl" });
    private AdamW? _optimizer;
    private torch.Tensor? _teacherHidden_NM;

    /// <param name="student">Learns; disposed with this.</param>
    /// <param name="teacher">Judges; disposed with this.</param>
    /// <param name="inputs">The texts.</param>
    /// <param name="withTeacher">Whether the teacher's reading is part of the step.</param>
    public TrainingWork(Decoder student, Decoder teacher, TrainingInputs inputs, bool withTeacher)
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
        _optimizer ??= new AdamW(_student.Weights, new OptimizerRecipe());
        if (!_withTeacher) _teacherHidden_NM ??= Packed().HiddenRows(_teacher).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public double Run()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _student.Weights.ZeroGradients();
        SequenceBatch batch = Packed();
        torch.Tensor? teacherHidden_NM = _teacherHidden_NM;
        if (teacherHidden_NM is null)
            using (torch.no_grad()) teacherHidden_NM = batch.HiddenRows(_teacher);
        ObjectiveResult result = _objective.Evaluate(new TokenRows
        {
            StudentHidden_ND = batch.HiddenRows(_student), StudentHead_VD = _student.Head_VD, TeacherHidden_NM = teacherHidden_NM, TeacherHead_WM = _teacher.Head_VD,
            VocabularySize = _student.Config.VocabularySize, SampledIds_N = batch.SampledIds_N, Sequence_N = batch.Sequence_N,
            Weights_N = torch.ones(batch.Rows_N.shape[0]), Normalizer = _inputs.ResponseTokens,
        });
        result.Loss.backward();
        double norm = GradientCheck.Norm(_student.Weights, 2, result.Loss.ToDouble(), hasRewards: false);
        _optimizer!.Step(1e-6, GradientCheck.ClipScale(norm, 1));
        return _inputs.ResponseTokens;
    }

    private SequenceBatch Packed() => SequenceBatch.Create(_inputs.Rollouts, torch.CPU);

    /// <inheritdoc/>
    public void Dispose()
    {
        _teacherHidden_NM?.Dispose();
        _optimizer?.Dispose();
        _teacher.Dispose();
        _student.Dispose();
    }
}
