using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Where the gap between the mean log-ratios of correct and wrong responses is below δ, δ − gap is added to the advantages:
/// to the correct, taken from the wrong, or half each; the same for all tokens of a response. Source: Uni-OPD (arXiv
/// 2605.03677), its code for groups; for the batch the direction is honoured too, which the release does not do.
/// </summary>
internal sealed class MarginShift(MarginShiftRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "margin-shift";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Signal;

    /// <inheritdoc/>
    public bool IsNeutral => false;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models;

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Scope == "batch";

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double[] mean_B = OutcomeClasses.MeanLogRatio_B(rows, statistics, Kind), shift_B = new double[mean_B.Length];
        (double up, double down) = recipe.Direction switch { "up" => (1.0, 0.0), "down" => (0.0, 1.0), _ => (0.5, 0.5) };
        foreach (OutcomeClasses classes in OutcomeClasses.Of(rows, Kind, recipe.Scope, recipe.CorrectFrom))
        {
            if (!classes.HasBoth) continue;
            double missing = recipe.Delta - OutcomeClasses.Gap(classes.Correct.Select(b => mean_B[b]), classes.Wrong.Select(b => mean_B[b]), recipe.Statistic);
            if (missing <= 0) continue;
            foreach (int b in classes.Correct) shift_B[b] = missing * up;
            foreach (int b in classes.Wrong) shift_B[b] = -missing * down;
        }
        if (Array.TrueForAll(shift_B, s => s == 0)) return rows;
        torch.Tensor shift_N = Columns.Beside(shift_B, statistics.TeacherLogprob_N!).index_select(0, rows.Sequence_N);
        return rows with { AdvantageShift_N = rows.AdvantageShift_N is null ? shift_N : rows.AdvantageShift_N + shift_N };
    }
}
