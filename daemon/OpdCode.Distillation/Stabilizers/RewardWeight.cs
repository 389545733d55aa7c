using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// w = N·softmax(R/β) over the N responses of the step that have a token that counts; all tokens of a response the same.
/// Source: OPHSD (arXiv 2605.08741), its code.
/// </summary>
internal sealed class RewardWeight(RewardWeightRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "reward-weight";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Beta is null;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => true;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        torch.Tensor reward_B = TokenStatistics.Required(rows.Rewards_B, Kind, "a reward for every response").detach().to(torch.ScalarType.Float64);
        torch.Tensor absent_B = rows.SumPerSequence_B(rows.Counts_N(torch.ScalarType.Float64)).eq(0);
        if (absent_B.all().ToBoolean()) return rows;
        torch.Tensor share_B = (reward_B / recipe.Beta!.Value).masked_fill(absent_B, double.NegativeInfinity).softmax(0);
        return rows.Weighted((share_B * absent_B.logical_not().sum().ToDouble()).index_select(0, rows.Sequence_N));
    }
}
