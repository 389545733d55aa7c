using OpdCode.Distillation.Objectives;
using OpdCode.Recipes.Stabilizers;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// Keeps the ⌈share·n⌉ tokens with the highest score of a response or of the step; of equal scores the earlier token. Scores
/// ≥ 0: ĥ + d̂ − ĥ·d̂ (soft-or), KL(T‖S)·(1 − ĥ) (overconfident), or one column; ĥ and d̂ are H(S) and KL(S‖T), or
/// |log S − log T|, min-max normalised over the step's tokens that count, H(S) cut at its 98 % quantile before. Source: TIP
/// (arXiv 2604.14084), equations 7 and 8 and section 7.3.
/// </summary>
internal sealed class TokenSelection(TokenSelectionRecipe recipe) : IStabilizer
{
    private const double EntropyQuantile = 0.98;

    /// <inheritdoc/>
    public string Kind => "token-selection";

    /// <inheritdoc/>
    public StabilizerStage Stage => StabilizerStage.Mask;

    /// <inheritdoc/>
    public bool IsNeutral => recipe.Share == 1;

    /// <inheritdoc/>
    public StabilizerNeeds Needs => StabilizerNeeds.Models | recipe.By switch
    {
        "soft-or" or "reverse-kl" => StabilizerNeeds.ReverseKl,
        "overconfident" => StabilizerNeeds.ForwardKl,
        _ => StabilizerNeeds.None,
    };

    /// <inheritdoc/>
    public bool SeesWholeStep => recipe.Over == "step" || recipe.By is "soft-or" or "soft-or-sampled" or "overconfident"; // the last three normalise over the step

    /// <inheritdoc/>
    public TokenRows Apply(TokenRows rows, TokenStatistics statistics, StepContext context)
    {
        double[] weight_N = Columns.Doubles(rows.Weights_N), kept_N = new double[weight_N.Length];
        long[] sequence_N = Columns.Longs(rows.Sequence_N);
        int[] counted = [.. Enumerable.Range(0, kept_N.Length).Where(n => weight_N[n] > 0)];
        double[] score_N = Score_N(statistics, rows.Weights_N, counted);
        foreach (IGrouping<long, int> among in counted.GroupBy(n => recipe.Over == "step" ? 0 : sequence_N[n]))
            foreach (int n in among.OrderByDescending(n => score_N[n]).Take(Columns.WholeTokens(recipe.Share, among.Count()))) kept_N[n] = 1; // the order is stable
        return rows.Weighted(Columns.Beside(kept_N, rows.Weights_N));
    }

    private double[] Score_N(TokenStatistics statistics, torch.Tensor weights_N, int[] counted)
    {
        switch (recipe.By)
        {
            case "soft-or" or "soft-or-sampled":
                double[] unsure_N = Unsure_N(), apart_N = Normalised(recipe.By == "soft-or" ? ReverseKl_N() : LogRatio_N(), counted);
                return [.. unsure_N.Select((h, n) => h + apart_N[n] - h * apart_N[n])];
            case "overconfident":
                double[] missed_N = Column(statistics.ForwardKl_N, "the teacher's distribution at every token");
                return [.. Unsure_N().Select((h, n) => missed_N[n] * (1 - h))];
            case "student-entropy":
                return StudentEntropy_N();
            case "teacher-entropy":
                return Column(statistics.TeacherEntropy_N, "the teacher's entropy at every token");
            case "reverse-kl":
                return ReverseKl_N();
            default:
                return LogRatio_N();
        }

        double[] Unsure_N()
        {
            double[] entropy_N = StudentEntropy_N();
            double highest = Columns.Quantile(statistics.StudentEntropy_N!, weights_N, EntropyQuantile);
            return Normalised([.. entropy_N.Select(h => Math.Min(h, highest))], counted);
        }

        double[] StudentEntropy_N() => Column(statistics.StudentEntropy_N, "the student's entropy at every token");
        double[] ReverseKl_N() => Column(statistics.ReverseKl_N, "the teacher's distribution at every token");
        double[] LogRatio_N() => Columns.Doubles(statistics.LogRatio_N(Kind).abs());
        double[] Column(torch.Tensor? column, string what) => Columns.Doubles(TokenStatistics.Required(column, Kind, what));
    }

    // 0 at the least and 1 at the greatest of the tokens that count; 0 everywhere where all are equal.
    private static double[] Normalised(double[] value_N, int[] counted)
    {
        if (counted.Length == 0) return value_N;
        double least = counted.Min(n => value_N[n]), span = counted.Max(n => value_N[n]) - least;
        return [.. value_N.Select(v => span > 0 ? (v - least) / span : 0)];
    }
}
