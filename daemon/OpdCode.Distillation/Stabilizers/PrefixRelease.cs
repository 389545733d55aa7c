using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Tokens behind a response's release point weigh 0, those before it Σ l / Σ kept l. S_i = ln(1 + mean margin) of each
/// sentence goes to <see cref="ChangePoint"/>; a response is cut where two means fit better than one and the second is
/// lower. Source: Prefix Teach, Suffix Fade (arXiv 2605.13643); l and the least number of sentences are inferred.
/// </summary>
internal sealed class PrefixRelease(PrefixReleaseRecipe recipe) : IStabilizer
{
    /// <summary>The student's top tokens that the margin looks at.</summary>
    public int TopK => recipe.TopK;

    /// <inheritdoc/>
    public string Kind => "prefix-release";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.MinSegments == int.MaxValue;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Margin | StabilizerNeeds.Sentences | (recipe.Mass == "mask" ? StabilizerNeeds.None : StabilizerNeeds.Models);

    /// <inheritdoc/>
    public bool SeesWholeStep => false;

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        int[] sentence_N = TokenStatistics.Required(statistics.Sentence_N, Kind, "the sentence of every token");
        double[] margin_N = Columns.Doubles(TokenStatistics.Required(statistics.Margin_N, Kind, "the teacher's distribution at every token"));
        double[] counts_N = Columns.Doubles(rows.Weights_N), mass_N = Mass_N(statistics, margin_N.Length);
        long[] sequence_N = Columns.Longs(rows.Sequence_N);
        double[] factor_N = Enumerable.Repeat(1.0, margin_N.Length).ToArray();
        bool cutsAny = false;
        foreach (IGrouping<long, int> sequence in Enumerable.Range(0, margin_N.Length).Where(n => counts_N[n] > 0).GroupBy(n => sequence_N[n]))
        {
            int[][] sentences = sequence.GroupBy(n => sentence_N[n]).OrderBy(g => g.Key).Select(g => g.ToArray()).ToArray();
            double[] level = sentences.Select(s => Math.Log(1 + s.Average(n => margin_N[n]))).ToArray();
            if (ChangePoint.Find(level, recipe.MinSegments) is not { } kept) continue;
            cutsAny = true;
            int[] prefix = sentences[..kept].SelectMany(s => s).ToArray();
            double keptMass = prefix.Sum(n => mass_N[n]), scale = keptMass > 0 ? sequence.Sum(n => mass_N[n]) / keptMass : 1;
            foreach (int n in sequence) factor_N[n] = 0;
            foreach (int n in prefix) factor_N[n] = scale;
        }
        return cutsAny ? rows.Weighted(Columns.Beside(factor_N, rows.Weights_N)) : rows;
    }

    private double[] Mass_N(TokenStatistics statistics, int count)
    {
        if (recipe.Mass == "mask") return Enumerable.Repeat(1.0, count).ToArray();
        double[] ratio_N = Columns.Doubles(statistics.Advantage_N(Kind));
        if (recipe.Mass == "advantage") return ratio_N.Select(Math.Abs).ToArray();
        double[] student_N = Columns.Doubles(statistics.StudentLogprob_N!);
        return ratio_N.Select((r, n) => Math.Abs(r * student_N[n])).ToArray();
    }
}
