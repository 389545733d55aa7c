using TorchSharp;

namespace OpdCode.Distillation.Objectives;

/// <summary>The loss of one micro-batch (a scalar with gradient, already divided by the normalizer) and what it saw at each token.</summary>
/// <param name="Loss">Scalar; call backward on it.</param>
/// <param name="Signals">Detached per-token numbers.</param>
public sealed record ObjectiveResult(torch.Tensor Loss, TokenSignals Signals);
