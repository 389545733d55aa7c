using OpdCode.Distillation.Objectives;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Distillation.Stabilizers;

/// <summary>The responses of a prompt (or of the step) as correct and wrong ones, by reward; responses without a trained token are in neither.</summary>
/// <param name="Scope">The group's number; 0 for the step.</param>
/// <param name="Correct">Indices of the correct responses.</param>
/// <param name="Wrong">Indices of the wrong responses.</param>
internal sealed record OutcomeClasses(long Scope, int[] Correct, int[] Wrong)
{
    /// <summary>Whether there is something to compare.</summary>
    public bool HasBoth => Correct.Length > 0 && Wrong.Length > 0;

    /// <summary>The classes of each group, or of the whole step.</summary>
    /// <exception cref="OpdException">OPD1304 without rewards (or groups).</exception>
    public static IReadOnlyList<OutcomeClasses> Of(TokenRows rows, string kind, string scope, double correctFrom)
    {
        double[] reward_B = Columns.Doubles(TokenStatistics.Required(rows.Rewards_B, kind, "a reward for every response"));
        long[] group_B = scope == "batch" ? new long[reward_B.Length] : Columns.Longs(TokenStatistics.Required(rows.Groups_B, kind, "the group of every response"));
        double[] tokens_B = Columns.Doubles(rows.SumPerSequence_B(rows.Counts_N(torch.ScalarType.Float64)));
        return Enumerable.Range(0, reward_B.Length).Where(b => tokens_B[b] > 0).GroupBy(b => group_B[b])
            .Select(g => new OutcomeClasses(g.Key, g.Where(b => reward_B[b] >= correctFrom).ToArray(), g.Where(b => reward_B[b] < correctFrom).ToArray())).ToArray();
    }

    /// <summary>The mean log-ratio advantage (log T − log S) of each response over the rows that count, shape [B]; 0 without any.</summary>
    public static double[] MeanLogRatio_B(TokenRows rows, TokenStatistics statistics, string kind)
    {
        torch.Tensor ratio_N = statistics.Advantage_N(kind).to(torch.ScalarType.Float64), counts_N = rows.Counts_N(torch.ScalarType.Float64);
        return Columns.Doubles(rows.SumPerSequence_B(ratio_N.masked_fill(counts_N.eq(0), 0)) / rows.SumPerSequence_B(counts_N).clamp_min(1));
    }

    /// <summary>How far the correct stand above the wrong: means, or the smallest against the largest.</summary>
    public static double Gap(IEnumerable<double> correct, IEnumerable<double> wrong, string statistic) =>
        statistic == "minmax" ? correct.Min() - wrong.Max() : correct.Average() - wrong.Average();
}
