using OpdCode.Distillation.Objectives;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers.Terms;

/// <summary>A loss that a stabilizer adds to the objective's.</summary>
public interface ILossTerm
{
    /// <summary>The kind of the stabilizer that adds it.</summary>
    string Name { get; }

    /// <summary>What is added, with support, sign and unit, coefficient included.</summary>
    string Label { get; }

    /// <summary>The term as it is in a step; the same instance where it does not change with the steps.</summary>
    /// <param name="step">The optimizer step, from 1.</param>
    ILossTerm At(int step) => this;

    /// <summary>The scalar to add (with gradient, normalised) and each row's part of it before the normalizer (detached, shape [N]).</summary>
    (torch.Tensor Loss, torch.Tensor Loss_N) Evaluate(TokenRows rows);
}
