using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Runs;
using OpdCode.Protocol;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// A = (R − mean)/(std + ε) with the mean and (population) standard deviation of all rewards of the run so far, this step's
/// included. The state is three numbers, updated once a step. Source: EGRSD (arXiv 2605.13255).
/// </summary>
internal sealed class WelfordWhitening(WelfordWhiteningRecipe recipe, string name) : IStabilizer, IMethodState
{
    private double _count, _mean, _squares;

    /// <inheritdoc/>
    public string Kind => "welford-whitening";

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Whiten;

    /// <inheritdoc/>
    public bool IsNeutral => !recipe.Center && !recipe.Scale;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.None;

    /// <inheritdoc/>
    public bool SeesWholeStep => true;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double[] reward_B = Columns.Doubles(TokenStatistics.Required(rows.Rewards_B, Kind, "a reward for every response"));
        foreach (double reward in reward_B)
        {
            _count++;
            double before = reward - _mean;
            _mean += before / _count;
            _squares += before * (reward - _mean);
        }
        double spread = recipe.Scale ? Math.Sqrt(_squares / Math.Max(1, _count)) + recipe.Epsilon : 1;
        double[] advantage_B = reward_B.Select(r => (r - (recipe.Center ? _mean : 0)) / spread).ToArray();
        return rows with { SequenceAdvantages_B = torch.tensor(advantage_B, device: rows.Sequence_N.device) };
    }

    /// <inheritdoc/>
    public MethodSnapshot Capture() => new(new Dictionary<string, torch.Tensor>(), new Dictionary<string, double> { ["count"] = _count, ["mean"] = _mean, ["squares"] = _squares });

    /// <inheritdoc/>
    public void Restore(MethodSnapshot snapshot)
    {
        if (!snapshot.Numbers.TryGetValue("count", out double count) || !snapshot.Numbers.TryGetValue("mean", out double mean) || !snapshot.Numbers.TryGetValue("squares", out double squares))
            throw new OpdException(ErrorCodes.CheckpointInvalid, $"The checkpoint's state {name} lacks count, mean or squares. It is of another version or method; start the run again.");
        (_count, _mean, _squares) = (count, mean, squares);
    }
}
