using TorchSharp;

namespace OpdCode.Distillation.Runs;

/// <summary>The state of one <see cref="IMethodState"/>, as a checkpoint stores it.</summary>
/// <param name="Tensors">By name; any type and shape. Owned by the snapshot.</param>
/// <param name="Numbers">By name; counters and running sums, kept as 64-bit floats bit for bit.</param>
public sealed record MethodSnapshot(IReadOnlyDictionary<string, torch.Tensor> Tensors, IReadOnlyDictionary<string, double> Numbers) : IDisposable
{
    /// <inheritdoc />
    public void Dispose()
    {
        foreach (torch.Tensor tensor in Tensors.Values) tensor.Dispose();
    }
}
