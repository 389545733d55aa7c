using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// w_k = min((d_1 + ε)/(d_k + ε), 1 + δ) for all tokens of turn k, d_k the mean |log S_old − log T| of the turn. Source: SOD
/// (arXiv 2605.07725), whose running product telescopes to this.
/// </summary>
internal sealed class StepWeight(StepWeightRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "step-weight";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Gate;

    /// <inheritdoc/>
    public bool IsNeutral => false;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models | StabilizerNeeds.Turns;

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        int[] turn_N = TokenStatistics.Required(statistics.Turn_N, Kind, "the turn of every token");
        if (Array.TrueForAll(turn_N, t => t == 0)) return rows;
        // −1: not written by the assistant. Such a row counts in no turn and weighs 0.
        double[] distance_N = Columns.Doubles(statistics.LogRatio_N(Kind).abs()), counts_N = Columns.Doubles(rows.Weights_N);
        long[] sequence_N = Columns.Longs(rows.Sequence_N);
        double[] weight_N = turn_N.Select(t => t < 0 ? 0.0 : 1.0).ToArray();
        foreach (IGrouping<long, int> sequence in Enumerable.Range(0, turn_N.Length).Where(n => counts_N[n] > 0 && turn_N[n] >= 0).GroupBy(n => sequence_N[n]))
        {
            (int[] Rows, double Distance)[] turns = sequence.GroupBy(n => turn_N[n]).OrderBy(g => g.Key).Select(g => (g.ToArray(), g.Average(n => distance_N[n]))).ToArray();
            foreach ((int[] members, double distance) in turns.Skip(1))
            {
                double weight = Math.Min((turns[0].Distance + recipe.Epsilon) / (distance + recipe.Epsilon), 1 + recipe.Delta);
                foreach (int n in members) weight_N[n] = weight;
            }
        }
        return rows.Weighted(Columns.Beside(weight_N, rows.Weights_N));
    }
}
