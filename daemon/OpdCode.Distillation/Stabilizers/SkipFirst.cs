using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>The first tokens of every response weigh 0. Source: SDFT (arXiv 2601.19897), tinker's code.</summary>
internal sealed class SkipFirst(SkipFirstRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "skip-first";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Tokens == 0;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context) =>
        rows.Weighted(Columns.Beside([.. rows.Places().Select(place => place >= recipe.Tokens ? 1.0 : 0)], rows.Weights_N));
}
