using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>A low-rank adapter in PEFT's terms: W + scale·B·A, scale = alpha/r, or alpha/√r with rslora.</summary>
public sealed record LoraRecipe
{
    /// <summary>Rank of the update. Higher: better fit, more memory.</summary>
    [Range(1, 4096)]
    public int R { get; init; } = 16;

    /// <summary>Numerator of the scale.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 32;

    /// <summary>Names of the linear layers to adapt.</summary>
    [MinLength(1)]
    public IReadOnlyList<string> TargetModules { get; init; } =
        ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Rank-stabilised scale alpha/√r (arXiv 2312.03732).</summary>
    public bool Rslora { get; init; }
}
