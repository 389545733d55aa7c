using OpdCode.Distillation.Objectives.Fused;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>Zero for every row: a fused pass that only measures the two distributions.</summary>
internal sealed class NoLoss : IRowLoss
{
    /// <summary>The only instance: it has no state.</summary>
    public static NoLoss Instance { get; } = new();

    /// <inheritdoc/>
    public bool NeedsTeacher => false;

    /// <inheritdoc/>
    public RowLossResult Evaluate(DistributionPair pair, bool withGradient) => new(TorchSharp.torch.zeros_like(pair.SampledIds_R, dtype: pair.LogStudent_RV.dtype), null);
}
