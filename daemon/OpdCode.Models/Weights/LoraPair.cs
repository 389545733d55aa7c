using TorchSharp;

namespace OpdCode.Models.Weights;

/// <summary>The two factors of one module's low-rank update. _R is the rank, _I the module's input, _O its output.</summary>
/// <param name="A_RI">lora_A.weight, [r, in].</param>
/// <param name="B_OR">lora_B.weight, [out, r].</param>
public sealed record LoraPair(torch.Tensor A_RI, torch.Tensor B_OR);
