using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>w = 1 − H(T)/ln V, or exp(−H(T)/τ). Source: GUI-SD (arXiv 2605.00642), code and paper.</summary>
internal sealed class Confidence(ConfidenceRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "confidence";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Mix == 0;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor entropy_N = TokenStatistics.Required(statistics.TeacherEntropy_N, Kind, "the teacher's entropy at every token");
        torch.Tensor confidence_N = recipe.Form == "exponential"
            ? (entropy_N / -recipe.Temperature).exp()
            : (1 - entropy_N / Math.Log(rows.VocabularySize)).clamp(0, 1);
        return rows.Weighted(recipe.Mix == 1 ? confidence_N : confidence_N * recipe.Mix + (1 - recipe.Mix));
    }
}
