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
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        long[] sequence_N = Columns.Longs(rows.Sequence_N);
        double[] kept_N = new double[sequence_N.Length];
        for (int n = 0, place = 0; n < sequence_N.Length; n++)
        {
            place = n > 0 && sequence_N[n] == sequence_N[n - 1] ? place + 1 : 0;
            kept_N[n] = place >= recipe.Tokens ? 1 : 0;
        }
        return rows.Weighted(Columns.Beside(kept_N, rows.Weights_N));
    }
}
