using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>What one stabilizer left behind, detached.</summary>
/// <param name="Name">Its kind; the second of a kind has <c>#2</c> behind it.</param>
/// <param name="Before_N">Weights that it found, shape [N].</param>
/// <param name="After_N">Weights after it, shape [N].</param>
/// <param name="Shift_N">What it added to the advantages, nats; null where nothing.</param>
public sealed record StageTrace(string Name, torch.Tensor Before_N, torch.Tensor After_N, torch.Tensor? Shift_N)
{
    /// <summary>Rows [start, start + count).</summary>
    public StageTrace Rows(long start, long count) => new(Name, Before_N.narrow(0, start, count), After_N.narrow(0, start, count), Shift_N?.narrow(0, start, count));
}
