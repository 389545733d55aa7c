using TorchSharp;

namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>Row sums of products, without a temporary of the size of the operands.</summary>
internal static class RowDots
{
    /// <summary>Σ_v a·b of each row, shape [R].</summary>
    public static torch.Tensor Dot_R(torch.Tensor a_RV, torch.Tensor b_RV) =>
        torch.bmm(a_RV.unsqueeze(1), b_RV.unsqueeze(2)).reshape(a_RV.shape[0]);
}
