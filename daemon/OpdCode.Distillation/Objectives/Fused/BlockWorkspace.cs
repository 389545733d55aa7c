using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// The [R, V] tensors that a fused pass computes in, allocated once and reused for every block. Fresh tensors would be
/// as fast, but the C allocator keeps their fragments: half a gigabyte after a thousand rows of a large vocabulary.
/// </summary>
internal sealed class BlockWorkspace(long rows, long columns, torch.ScalarType type, torch.Device device) : IDisposable
{
    private readonly List<torch.Tensor> _tensors = [];

    /// <summary>The first <paramref name="height"/> rows of tensor number <paramref name="index"/>, contents undefined.</summary>
    public torch.Tensor Rows(int index, long height)
    {
        while (_tensors.Count <= index) _tensors.Add(torch.empty(rows, columns, dtype: type, device: device).DetachFromDisposeScope());
        return height == rows ? _tensors[index].alias() : _tensors[index].narrow(0, 0, height);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (torch.Tensor tensor in _tensors) tensor.Dispose();
        _tensors.Clear();
    }
}
