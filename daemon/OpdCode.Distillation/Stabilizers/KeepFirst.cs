using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>Tokens of a response behind the first so many weigh 0. Source: OPHSD (arXiv 2605.08741), its code.</summary>
internal sealed class KeepFirst(KeepFirstRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "keep-first";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Tokens == int.MaxValue;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context) =>
        rows.Weighted(Columns.Beside([.. rows.Places().Select(place => place < recipe.Tokens ? 1.0 : 0)], rows.Weights_N));
}
