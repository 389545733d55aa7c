using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// w = (1 − λ) + λ·clip(exp(sign(A)·Δ), 1 − ε, 1 + ε), Δ = log T − log S of the token. A is the advantage of the whole
/// response where the objective has one; otherwise the token's own log-ratio. w &gt; 0, so no sign ever flips.
/// Source: RLSD (arXiv 2604.03128), ms-swift's port.
/// </summary>
internal sealed class RatioMagnitude(RatioMagnitudeRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "ratio-magnitude";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Magnitude;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Epsilon == 0 || recipe.Mix == 0;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double mix = Mix(context.Step);
        if (mix == 0) return rows;
        torch.Tensor ratio_N = statistics.LogRatio_N(Kind);
        torch.Tensor direction_N = context.Objective.SequenceAdvantages_B(rows) is { } advantage_B
            ? advantage_B.to(ratio_N.dtype).index_select(0, rows.Sequence_N).sign()
            : ratio_N.sign();
        torch.Tensor weight_N = (direction_N * ratio_N).exp().clamp(1 - recipe.Epsilon, 1 + recipe.Epsilon);
        return rows.Weighted(mix == 1 ? weight_N : weight_N * mix + (1 - mix));
    }

    /// <summary>The share at a step: up over the warm-up, then down over the decay.</summary>
    internal double Mix(int step)
    {
        if (step <= recipe.WarmupSteps) return recipe.Mix * step / (recipe.WarmupSteps + 1.0);
        return recipe.DecaySteps == 0 ? recipe.Mix : recipe.Mix * Math.Max(0, 1 - (double)(step - recipe.WarmupSteps - 1) / recipe.DecaySteps);
    }
}
