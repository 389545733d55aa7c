using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>Adds a LoRA update to the weights it adapts, for export: W + scale·B·A.</summary>
internal static class AdapterMerge
{
    /// <summary>The weight with its update, in float32; the weight itself when it has none.</summary>
    public static torch.Tensor Merged(Decoder decoder, string name, torch.Tensor weight)
    {
        const string suffix = ".weight";
        if (decoder.Adapter is not LowRankAdapter adapter || !name.EndsWith(suffix, StringComparison.Ordinal)) return weight;
        if (adapter.Of(name[..^suffix.Length]) is not (torch.Tensor a_RI, torch.Tensor b_OR)) return weight;
        return weight.to_type(torch.float32) + torch.matmul(b_OR, a_RI) * adapter.Scale;
    }
}
