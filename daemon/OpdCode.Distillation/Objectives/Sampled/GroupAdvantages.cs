using OpdCode.Protocol;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>
/// Advantages of whole rollouts from their rewards, compared within the rollouts of one prompt; plain arrays, because
/// there are few of them and the loop needs them before it cuts a step into micro-batches.
/// </summary>
public static class GroupAdvantages
{
    // TRL's: small against any spread worth learning from, large enough that rounding is not amplified.
    private const double SpreadFloor = 1e-4;

    /// <summary>
    /// (R − mean of its group) / (spread + 1e-4), spread the unbiased standard deviation: <paramref name="scale"/> "group"
    /// within the group, "batch" over all rewards given, "none" 1. A group of equal rewards gives exactly 0. Sums to 0 per group.
    /// </summary>
    /// <exception cref="OpdException">OPD1301 for another scale.</exception>
    public static double[] Compute(IReadOnlyList<double> rewards, IReadOnlyList<long> groups, string scale)
    {
        if (scale is not ("group" or "batch" or "none"))
            throw new OpdException(ErrorCodes.ObjectiveInvalid, $"scaleRewards is \"{scale}\" but must be group, batch or none.");
        double batchSpread = Spread(rewards);
        double[] advantages = new double[rewards.Count];
        foreach (IGrouping<long, int> group in Enumerable.Range(0, rewards.Count).GroupBy(i => groups[i]))
        {
            double[] own = group.Select(i => rewards[i]).ToArray();
            double mean = own.Average();
            double divisor = scale switch { "none" => 1, "batch" => batchSpread + SpreadFloor, _ => Spread(own) + SpreadFloor };
            foreach (int i in group) advantages[i] = own.Min() == own.Max() ? 0 : (rewards[i] - mean) / divisor;
        }
        return advantages;
    }

    /// <summary>For each rollout, whether its group's rewards differ: DAPO's dynamic sampling draws the others again.</summary>
    public static bool[] HaveSpread(IReadOnlyList<double> rewards, IReadOnlyList<long> groups)
    {
        HashSet<long> kept = Enumerable.Range(0, rewards.Count).GroupBy(i => groups[i])
            .Where(g => g.Min(i => rewards[i]) != g.Max(i => rewards[i])).Select(g => g.Key).ToHashSet();
        return groups.Select(kept.Contains).ToArray();
    }

    /// <summary>
    /// DAPO's soft penalty on length, ≤ 0: 0 up to <paramref name="maxLength"/> − <paramref name="buffer"/>, then falling
    /// in a straight line to −<paramref name="factor"/> at <paramref name="maxLength"/>. Add it to the reward.
    /// </summary>
    public static double OverlongPenalty(int length, int maxLength, int buffer, double factor) =>
        buffer <= 0 ? 0 : Math.Min(-(length - (maxLength - buffer)) / (double)buffer * factor, 0);

    private static double Spread(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return 0;
        double mean = values.Average();
        return Math.Sqrt(values.Sum(x => (x - mean) * (x - mean)) / (values.Count - 1));
    }
}
