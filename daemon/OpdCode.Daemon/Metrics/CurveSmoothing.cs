namespace OpdCode.Daemon.Metrics;

/// <summary>
/// Exponential smoothing over steps: s(t) = Σ w·x / Σ w with w = exp(−(t − t_i)/τ) over all points up to t. Dividing by
/// the sum of the weights removes the pull towards the first value; distances are in steps, so gaps count as what they are.
/// </summary>
internal static class CurveSmoothing
{
    /// <summary>The smoothed curve.</summary>
    /// <param name="steps">Ascending. [N]</param>
    /// <param name="values">What is not finite is passed over. [N]</param>
    /// <param name="time">τ, in steps, above 0.</param>
    /// <returns>NaN before the first finite value. [N]</returns>
    public static double[] Smooth(ReadOnlySpan<int> steps, ReadOnlySpan<double> values, double time)
    {
        var smooth = new double[values.Length];
        double sum = 0, weight = 0;
        int gap = 0;
        double decay = 1;
        for (int i = 0; i < values.Length; i++)
        {
            int distance = i == 0 ? 0 : steps[i] - steps[i - 1];
            if (distance != gap) (gap, decay) = (distance, Math.Exp(-distance / time)); // steps are nearly always equally far apart
            sum *= decay;
            weight *= decay;
            if (double.IsFinite(values[i]))
            {
                sum += values[i];
                weight += 1;
            }
            smooth[i] = weight > 0 ? sum / weight : double.NaN;
        }
        return smooth;
    }
}
