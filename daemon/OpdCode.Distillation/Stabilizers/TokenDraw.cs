using OpdCode.Distillation.Objectives;
using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Generation;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Keeps ⌈share·n⌉ of a response's n tokens, drawn by seed, step and place without replacement, p ∝ (H(S)/ln V)²·(JSD/ln 2)^γ
/// (Gumbel's largest keys). Source: OPHSD (arXiv 2605.08741), its code.
/// </summary>
internal sealed class TokenDraw(TokenDrawRecipe recipe) : IStabilizer
{
    /// <inheritdoc/>
    public string Kind => "token-draw";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Share == 1;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.JensenShannon;

    /// <inheritdoc/>
    public bool SeesWholeStep => true; // a draw belongs to the response's place in the step

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double[] entropy_N = Columns.Doubles(TokenStatistics.Required(statistics.StudentEntropy_N, Kind, "the student's entropy at every token"));
        double[] apart_N = Columns.Doubles(TokenStatistics.Required(statistics.JensenShannon_N, Kind, "the teacher's distribution at every token"));
        double[] counts_N = Columns.Doubles(rows.Weights_N), kept_N = new double[entropy_N.Length];
        long[] sequence_N = Columns.Longs(rows.Sequence_N);
        int[] place_N = rows.Places();
        double mostEntropy = Math.Log(rows.VocabularySize);
        foreach (IGrouping<long, int> response in Enumerable.Range(0, kept_N.Length).Where(n => counts_N[n] > 0).GroupBy(n => sequence_N[n]))
        {
            int[] tokens = [.. response];
            foreach (int n in tokens.OrderByDescending(n => Key(response.Key, n)).Take(Columns.WholeTokens(recipe.Share, tokens.Length))) kept_N[n] = 1;
        }
        return rows.Weighted(Columns.Beside(kept_N, rows.Weights_N));

        double Key(long sequence, int n)
        {
            double uniform = CounterRandom.Uniform(context.Seed, RandomStream.ForTokenDraw(context.Step, sequence), place_N[n]);
            // Tokens that nothing speaks for come last; a sum of logarithms keeps very small masses apart.
            double mass = 2 * Math.Log(Math.Max(entropy_N[n] / mostEntropy, 1e-150)) + recipe.Gamma * Math.Log(Math.Max(apart_N[n] / Math.Log(2), 1e-150));
            return mass - Math.Log(-Math.Log(Math.Max(uniform, 1e-300)));
        }
    }
}
