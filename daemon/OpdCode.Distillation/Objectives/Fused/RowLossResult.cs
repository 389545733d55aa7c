using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>What a row loss gives for a block of rows.</summary>
/// <param name="Value_R">The loss of each row before weights, nats.</param>
/// <param name="Gradient_RV">d value / d student logit (at the loss's temperature); null when it was not asked for.</param>
internal sealed record RowLossResult(torch.Tensor Value_R, torch.Tensor? Gradient_RV)
{
    /// <summary>Student probability inside the support; null over the full vocabulary.</summary>
    public torch.Tensor? StudentMass_R { get; init; }

    /// <summary>Teacher probability inside the support; null over the full vocabulary.</summary>
    public torch.Tensor? TeacherMass_R { get; init; }
}
