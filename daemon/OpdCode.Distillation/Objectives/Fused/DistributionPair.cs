using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// Student and teacher at R states as log-probabilities over the same V outcomes, natural logarithm. Whoever computes a
/// loss from it may overwrite all four tensors: they are scratch, and each pass over [R, V] saved is time saved.
/// </summary>
internal sealed class DistributionPair(torch.Tensor logStudent_RV, torch.Tensor? logTeacher_RV, torch.Tensor sampledIds_R)
{
    private torch.Tensor? _student_RV;
    private torch.Tensor? _teacher_RV;

    /// <summary>log S.</summary>
    public torch.Tensor LogStudent_RV { get; } = logStudent_RV;

    /// <summary>log T.</summary>
    public torch.Tensor LogTeacher_RV => logTeacher_RV ?? throw new InvalidOperationException("This loss needs a teacher, and the rows have none.");

    /// <summary>Whether a teacher scored the rows.</summary>
    public bool HasTeacher => logTeacher_RV is not null;

    /// <summary>S = exp(log S), computed on first use.</summary>
    public torch.Tensor Student_RV => _student_RV ??= LogStudent_RV.exp();

    /// <summary>T = exp(log T), computed on first use.</summary>
    public torch.Tensor Teacher_RV => _teacher_RV ??= LogTeacher_RV.exp();

    /// <summary>The token that stands at each row.</summary>
    public torch.Tensor SampledIds_R { get; } = sampledIds_R;
}
