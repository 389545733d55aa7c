using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Metrics;

/// <summary>
/// Exponential smoothing over steps: s(t) = Σ w·x / Σ w with w = exp(−(t − t_i)/τ) over all points up to t. Dividing by
/// the sum of the weights removes the pull towards the first value; distances are in steps, so gaps count as what they are.
/// </summary>
internal static class CurveSmoothing
{
    /// <summary>The smoothed curve at some of its points.</summary>
    /// <param name="steps">Ascending. [N]</param>
    /// <param name="values">What is not finite is passed over. [N]</param>
    /// <param name="time">τ, in steps, above 0.</param>
    /// <param name="positions">Which points are wanted, ascending. [K]</param>
    /// <returns>NaN before the first finite value. [K]</returns>
    [MethodImpl(Compiled.AtOnce)]
    public static double[] At(ReadOnlySpan<int> steps, ReadOnlySpan<double> values, double time, ReadOnlySpan<int> positions)
    {
        // All points go into the sums, and only those that are wanted are divided and kept.
        var smooth = new double[positions.Length];
        double sum = 0, weight = 0, decay = 1;
        int gap = 0, before = steps.IsEmpty ? 0 : steps[0], next = 0;
        for (int k = 0; k < positions.Length; k++)
        {
            for (; next <= positions[k]; next++)
            {
                int distance = steps[next] - before;
                before = steps[next];
                if (distance != gap) (gap, decay) = (distance, Math.Exp(-distance / time)); // steps are nearly always equally far apart
                double value = values[next];
                bool isFinite = double.IsFinite(value);
                sum = (sum * decay) + (isFinite ? value : 0);
                weight = (weight * decay) + (isFinite ? 1 : 0);
            }
            smooth[k] = weight > 0 ? sum / weight : double.NaN;
        }
        return smooth;
    }
}
