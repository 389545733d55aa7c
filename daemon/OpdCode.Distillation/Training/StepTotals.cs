using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Stabilizers;
using OpdCode.Models.Generation;
using TorchSharp;

namespace OpdCode.Distillation.Training;

/// <summary>Sums over the micro-batches of one step; means are over all trained tokens of the step.</summary>
public sealed class StepTotals(IReadOnlyList<Rollout> rollouts)
{
    private double _divergence, _studentEntropy, _teacherEntropy, _logRatio;
    private bool _hasDivergence, _hasTeacher;

    /// <summary>Numbers of signal and acceleration, by the name of their metric.</summary>
    public Dictionary<string, double> Extra { get; } = [];

    /// <summary>Loss of the step so far, nats per token.</summary>
    public double Loss { get; private set; }

    /// <summary>Trained tokens so far.</summary>
    public long Tokens { get; private set; }

    /// <summary>Sequences so far.</summary>
    public int Sequences { get; private set; }

    /// <summary>Mean response length in tokens.</summary>
    public double ResponseLength => rollouts.Average(r => r.ResponseIds.Length);

    /// <summary>Response tokens of the step.</summary>
    public long ResponseTokens => rollouts.Sum(r => (long)r.ResponseIds.Length);

    /// <summary>Mean reward of the step's responses; null without rewards.</summary>
    public double? Reward => rollouts.Average(r => r.Reward);

    /// <summary>Fraction of responses that hit the length limit, 0 to 1.</summary>
    public double Truncated => rollouts.Average(r => r.Finish == FinishReason.Length ? 1.0 : 0.0);

    /// <summary>The objective's divergence per token, nats; null for objectives without one.</summary>
    public double? Divergence => _hasDivergence ? _divergence / Tokens : null;

    /// <summary>Mean of log p_student − log p_teacher of the sampled tokens (k1), nats; null without a teacher.</summary>
    public double? LogRatio => _hasTeacher ? _logRatio / Tokens : null;

    /// <summary>Entropy of the student per token, nats.</summary>
    public double StudentEntropy => Tokens == 0 ? 0 : _studentEntropy / Tokens;

    /// <summary>Entropy of the teacher per token, nats; null without a teacher.</summary>
    public double? TeacherEntropy => _hasTeacher ? _teacherEntropy / Tokens : null;

    /// <summary>Adds numbers of the step; nothing for null.</summary>
    public void Add(IReadOnlyDictionary<string, double>? metrics)
    {
        foreach ((string name, double value) in metrics ?? new Dictionary<string, double>()) Extra[name] = value;
    }

    /// <summary>What the stabilizers did.</summary>
    public StabilizerMetrics Stabilizers { get; } = new();

    /// <summary>Adds a micro-batch of so many sequences.</summary>
    public void Add(ObjectiveResult result, TokenRows rows, int sequences)
    {
        using var none = torch.no_grad();
        Stabilizers.Add(rows, result.Signals);
        TokenSignals signals = result.Signals;
        Loss += result.Loss.ToDouble();
        Tokens += signals.StudentLogprob_N.shape[0];
        Sequences += sequences;
        _studentEntropy += signals.StudentEntropy_N.sum().ToDouble();
        if (signals.Divergence_N is not null)
        {
            _hasDivergence = true;
            _divergence += signals.Divergence_N.sum().ToDouble();
        }
        if (signals.TeacherLogprob_N is not null && signals.TeacherEntropy_N is not null)
        {
            _hasTeacher = true;
            _teacherEntropy += signals.TeacherEntropy_N.sum().ToDouble();
            _logRatio += (signals.StudentLogprob_N - signals.TeacherLogprob_N).sum().ToDouble();
        }
    }
}
