using OpdCode.Recipes;
using TorchSharp;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>
/// PPO's surrogate of a token, as a loss: −min(r·A, clip(r, 1 − ε_low, 1 + ε_high)·A), and never below −δ·|A| worth of
/// ratio where A is negative (dual clip). Without a clip it is −r·A. Sources: PPO (arXiv 1707.06347), DAPO's clip-higher
/// (arXiv 2503.14476), dual clip (arXiv 1912.09729).
/// </summary>
internal static class RatioClip
{
    /// <summary>The loss of each token; gradient flows through <paramref name="ratio_N"/> only.</summary>
    public static torch.Tensor Loss_N(torch.Tensor ratio_N, torch.Tensor advantage_N, RatioClipRecipe? clip)
    {
        torch.Tensor plain_N = ratio_N * advantage_N;
        if (clip is null) return plain_N.neg();
        torch.Tensor bounded_N = ratio_N.clamp(1 - clip.Low, 1 + clip.High) * advantage_N;
        torch.Tensor gain_N = torch.minimum(plain_N, bounded_N);
        if (clip.Dual is { } most) gain_N = torch.where(advantage_N.lt(0), torch.maximum(gain_N, advantage_N * most), gain_N);
        return gain_N.neg();
    }
}
