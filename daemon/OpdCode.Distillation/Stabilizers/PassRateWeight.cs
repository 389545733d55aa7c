using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// w = p^a·(1 − p)^b for all tokens of a group, p the share of its responses that is correct; responses without a token that
/// counts are in no share. Source: PACED, quoted by the survey (arXiv 2604.00626).
/// </summary>
internal sealed class PassRateWeight(PassRateWeightRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "pass-rate-weight";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => recipe is { Hard: 0, Easy: 0 };

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => false; // a group is never split

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double[] weight_B = Enumerable.Repeat(1.0, (int)TokenStatistics.Required(rows.Rewards_B, Kind, "a reward for every response").shape[0]).ToArray();
        foreach (OutcomeClasses group in OutcomeClasses.Of(rows, Kind, "group", recipe.CorrectFrom))
        {
            double passed = (double)group.Correct.Length / (group.Correct.Length + group.Wrong.Length);
            foreach (int b in group.Correct.Concat(group.Wrong)) weight_B[b] = Math.Pow(passed, recipe.Hard) * Math.Pow(1 - passed, recipe.Easy);
        }
        return rows.Weighted(Columns.Beside(weight_B, rows.Weights_N).index_select(0, rows.Sequence_N));
    }
}
