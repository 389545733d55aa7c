using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Generation;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Leaves out responses of the larger class, drawn by seed, step and group, until correct : wrong is r : 1 (rounded towards
/// fewer); at least one of each stays unless r is 0. Source: Uni-OPD (arXiv 2605.03677), online balance.
/// </summary>
internal sealed class DataBalance(DataBalanceRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "data-balance";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Ratio is null;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Scope == "batch";

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double ratio = recipe.Ratio!.Value;
        bool[] dropped_B = new bool[rows.SequenceCount()];
        foreach (OutcomeClasses classes in OutcomeClasses.Of(rows, Kind, recipe.Scope, recipe.CorrectFrom))
        {
            if (!classes.HasBoth) continue;
            double wanted = ratio * classes.Wrong.Length;
            (int[] larger, double kept) = classes.Correct.Length > wanted ? (classes.Correct, wanted) : (classes.Wrong, classes.Correct.Length / ratio);
            int stay = Math.Max(ratio == 0 ? 0 : 1, (int)Math.Floor(Math.Min(kept, larger.Length)));
            int[] order = CounterRandom.Permutation(larger.Length, context.Seed, RandomStream.ForBalance(context.Step, classes.Scope));
            foreach (int place in order.Skip(stay)) dropped_B[larger[place]] = true;
        }
        return rows.WithoutSequences(dropped_B);
    }
}
