using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>
/// What the loss saw at each row: the numbers that are trained are the numbers that are shown. All of shape
/// [N], detached, in nats; float32, or float64 where the inputs are.
/// </summary>
public sealed record TokenSignals
{
    /// <summary>log p_student of the token, ≤ 0, at temperature 1.</summary>
    public required torch.Tensor StudentLogprob_N { get; init; }

    /// <summary>log p_teacher of the token, ≤ 0, at temperature 1; null without a teacher.</summary>
    public torch.Tensor? TeacherLogprob_N { get; init; }

    /// <summary>The objective's divergence at the row before weights; null for objectives without one.</summary>
    public torch.Tensor? Divergence_N { get; init; }

    /// <summary>Entropy of the student's distribution, 0 to ln V.</summary>
    public required torch.Tensor StudentEntropy_N { get; init; }

    /// <summary>Entropy of the teacher's distribution, 0 to ln V; null without a teacher.</summary>
    public torch.Tensor? TeacherEntropy_N { get; init; }

    /// <summary>The detached advantage of the sampled token; null for objectives without one.</summary>
    public torch.Tensor? Advantage_N { get; init; }

    /// <summary>The row's contribution to the loss, weight included, before the normalizer.</summary>
    public required torch.Tensor Loss_N { get; init; }

    /// <summary>Student probability inside the support of a truncated divergence, 0 to 1; null over the full vocabulary.</summary>
    public torch.Tensor? StudentMass_N { get; init; }

    /// <summary>Teacher probability inside the support of a truncated divergence, 0 to 1; null over the full vocabulary.</summary>
    public torch.Tensor? TeacherMass_N { get; init; }

    /// <summary>The detached importance weight between sampler and trainer; null where the objective has none.</summary>
    public torch.Tensor? ImportanceWeight_N { get; init; }

    /// <summary>Per row, the losses that stabilizers added, coefficient included, by the stabilizer's kind; part of <see cref="Loss_N"/>.</summary>
    public IReadOnlyDictionary<string, torch.Tensor> Terms { get; init; } = new Dictionary<string, torch.Tensor>();
}
