using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Training;
using OpdCode.Models.Decoding;
using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Daemon.Bench;

/// <summary>
/// One training step under full reverse KL: student forward, both heads, loss, backward, clip, AdamW; with or without the
/// teacher's reading. Ours: packed, fused, flat. Naive: padded rows, whole [B, T, V] logits and log-probabilities of both
/// models, ordinary autograd, an optimizer that goes through the parameters one by one.
/// </summary>
internal sealed class StepCase : IBenchCase
{
    private readonly Decoder _student;
    private readonly Decoder _teacher;
    private readonly TrainingInputs _inputs;
    private readonly IObjective _objective = ObjectiveFactory.Create(new DivergenceObjectiveRecipe { Divergence = "reverse-kl" });
    private readonly bool _withTeacher;
    private readonly Dictionary<BenchSide, torch.Tensor> _teacherHidden = [];
    private AdamW? _ours;
    private NaiveAdamW? _naive;

    /// <param name="setting">What the user chose; a folder or shape replaces the student.</param>
    /// <param name="withTeacher">Whether the teacher's reading is part of the step; else its hidden states are given.</param>
    public StepCase(BenchSetting setting, bool withTeacher)
    {
        _student = setting.CreateDecoder(BenchShape.Student);
        _student.Weights.EnableTraining();
        _teacher = new Decoder((BenchShape.Teacher with { Vocabulary = _student.Config.VocabularySize }).Config(), torch.CPU);
        _teacher.Initialize(2);
        _inputs = new TrainingInputs(_student.Config.VocabularySize);
        _withTeacher = withTeacher;
    }

    /// <inheritdoc/>
    public string Unit => "tokens/s";

    /// <inheritdoc/>
    public bool HasBaseline => true;

    /// <inheritdoc/>
    public void WarmUp(BenchSide side)
    {
        // Each side's optimizer state is its own; the teacher's reading is made before the clock starts where it is not part of the step.
        using DisposeScope scope = torch.NewDisposeScope();
        using (torch.no_grad())
        {
            if (!_withTeacher) _teacherHidden.TryAdd(side, (side == BenchSide.Ours ? Packed().HiddenRows(_teacher) : Padded(_teacher)).DetachFromDisposeScope());
            _student.Hidden(torch.zeros(1, 8, dtype: torch.int64), AttentionPattern.Causal);
        }
        if (side == BenchSide.Ours) _ours ??= new AdamW(_student.Weights, new OptimizerRecipe());
        else _naive ??= new NaiveAdamW(_student.Weights);
    }

    /// <inheritdoc/>
    public double Run(BenchSide side)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        _student.Weights.ZeroGradients();
        if (side == BenchSide.Ours) Ours();
        else Naive();
        return _inputs.ResponseTokens;
    }

    private void Ours()
    {
        SequenceBatch batch = Packed();
        torch.Tensor? teacherHidden_NM = _teacherHidden.GetValueOrDefault(BenchSide.Ours);
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
        _ours!.Step(1e-6, GradientCheck.ClipScale(norm, 1));
    }

    private void Naive()
    {
        torch.Tensor mask_BT = _inputs.PaddedMask_BT(), logTeacher_BTV;
        long predicted = mask_BT.shape[1];
        using (torch.no_grad())
            logTeacher_BTV = _teacher.Logits(_teacherHidden.GetValueOrDefault(BenchSide.Baseline) ?? Padded(_teacher)).narrow(1, 0, predicted).log_softmax(-1);
        torch.Tensor logStudent_BTV = _student.Logits(Padded(_student)).narrow(1, 0, predicted).log_softmax(-1);
        torch.Tensor divergence_BT = (logStudent_BTV.exp() * (logStudent_BTV - logTeacher_BTV)).sum(-1);
        torch.Tensor loss = (divergence_BT * mask_BT).sum() / mask_BT.sum();
        loss.backward();
        _naive!.Step(1e-6);
    }

    private SequenceBatch Packed() => SequenceBatch.Create(_inputs.Rollouts, torch.CPU);

    private torch.Tensor Padded(Decoder model) => model.Hidden(_inputs.PaddedIds_BT(), AttentionPattern.Causal);

    /// <inheritdoc/>
    public double? Ceiling(BenchMachine machine)
    {
        // Forward once and backward twice; the teacher forward only.
        double tokens = _inputs.Tokens, rows = _inputs.ResponseTokens, vocabulary = _student.Config.VocabularySize;
        double operations = 6 * TrainingInputs.BlockWeights(_student) * tokens + rows * vocabulary * (6.0 * _student.Config.HiddenSize + 2.0 * _teacher.Config.HiddenSize);
        if (_withTeacher) operations += 2 * TrainingInputs.BlockWeights(_teacher) * tokens;
        return rows / machine.Seconds(operations, 4.0 * (_student.Config.ParameterCount + _teacher.Config.ParameterCount));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor hidden in _teacherHidden.Values) hidden.Dispose();
        _naive?.Dispose();
        _ours?.Dispose();
        _teacher.Dispose();
        _student.Dispose();
    }
}
