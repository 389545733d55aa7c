using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>A linear layer, packed, with the adapter's updates of the modules that it is made of.</summary>
internal sealed class CpuLinear : IDisposable
{
    public CpuLinear(IKernels kernels, ThreadTeam team, Decoder model, int weight, int bias, string prefix, params (string Module, int Outputs)[] modules)
    {
        torch.Tensor weight_NK = model.Weights[weight];
        Weight = new PackedMatrix(kernels, team, weight_NK, bias < 0 ? null : model.Weights[bias]);
        var updates = new List<LowRankUpdate>();
        int column = 0;
        foreach ((string module, int outputs) in modules)
        {
            if (model.Adapter?.Of(prefix + module) is (torch.Tensor a_RI, torch.Tensor b_OR))
                updates.Add(new LowRankUpdate(new PackedMatrix(kernels, team, a_RI), new PackedMatrix(kernels, team, b_OR, scale: model.Adapter.Scale), column));
            column += outputs;
        }
        Updates = updates;
    }

    public PackedMatrix Weight { get; }

    public IReadOnlyList<LowRankUpdate> Updates { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weight.Dispose();
        foreach (LowRankUpdate update in Updates) update.Dispose();
    }
}
