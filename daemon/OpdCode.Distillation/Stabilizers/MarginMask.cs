using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Leaves out the worst correct or the best wrong response, whichever widens the gap of the mean log-ratios more, until the
/// gap is δ or a class is down to what must stay. Source: Uni-OPD (arXiv 2605.03677), its code.
/// </summary>
internal sealed class MarginMask(MarginMaskRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "margin-mask";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => false;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Scope == "batch";

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double[] mean_B = OutcomeClasses.MeanLogRatio_B(rows, statistics, Kind);
        bool[] dropped_B = new bool[mean_B.Length];
        foreach (OutcomeClasses classes in OutcomeClasses.Of(rows, Kind, recipe.Scope, recipe.CorrectFrom))
            if (classes.HasBoth) Drop(classes, mean_B, dropped_B);
        return rows.WithoutSequences(dropped_B);
    }

    private void Drop(OutcomeClasses classes, double[] mean_B, bool[] dropped_B)
    {
        // Ordered so that the next to go stands first.
        List<int> correct = [.. classes.Correct.OrderBy(b => mean_B[b])], wrong = [.. classes.Wrong.OrderByDescending(b => mean_B[b])];
        int leastCorrect = Least(correct.Count), leastWrong = Least(wrong.Count);
        while (Gap(correct, wrong) < recipe.Delta)
        {
            double withoutCorrect = correct.Count > leastCorrect ? Gap(correct.Skip(1), wrong) : double.NegativeInfinity;
            double withoutWrong = wrong.Count > leastWrong ? Gap(correct, wrong.Skip(1)) : double.NegativeInfinity;
            if (double.IsNegativeInfinity(Math.Max(withoutCorrect, withoutWrong))) return;
            List<int> from = withoutCorrect >= withoutWrong ? correct : wrong;
            dropped_B[from[0]] = true;
            from.RemoveAt(0);
        }

        double Gap(IEnumerable<int> a, IEnumerable<int> b) => OutcomeClasses.Gap(a.Select(i => mean_B[i]), b.Select(i => mean_B[i]), recipe.Statistic);
    }

    private int Least(int count) => Math.Max(1, (int)Math.Ceiling(recipe.Keep * count));
}
