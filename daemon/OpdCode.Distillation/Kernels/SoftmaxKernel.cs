using System.Numerics;
using System.Runtime.CompilerServices;
using TorchSharp;

namespace OpdCode.Distillation.Kernels;

/// <summary>
/// Log-probabilities, probabilities and entropy of rows of logits in three passes over a row, two of which find it in
/// the cache. As tensor operations the same takes twelve.
/// </summary>
internal static unsafe class SoftmaxKernel
{
    /// <summary>Fills all rows.</summary>
    /// <param name="log_RV">Logits on entry (already divided by the temperature), log-probabilities ≥ <paramref name="floor"/> on return.</param>
    /// <param name="probability_RV">Filled with the probabilities.</param>
    /// <param name="entropy_R">Filled with −Σ p·log p, nats.</param>
    /// <param name="floor">The smallest log-probability.</param>
    public static void Fill(torch.Tensor log_RV, torch.Tensor probability_RV, torch.Tensor entropy_R, float floor)
    {
        long rows = log_RV.shape[0], columns = log_RV.shape[1];
        float* log = ProcessorMemory.Of<float>(log_RV), probability = ProcessorMemory.Of<float>(probability_RV), entropy = ProcessorMemory.Of<float>(entropy_R);
        ProcessorMemory.Parallel(rows, columns, (first, end) =>
        {
            for (long r = first; r < end; r++) entropy[r] = Row(log + r * columns, probability + r * columns, columns, floor);
        });
    }

    private static float Row(float* log, float* probability, long columns, float floor)
    {
        int width = Vector<float>.Count;
        long whole = columns - columns % width;
        float largest = Largest(log, columns);
        var shift = new Vector<float>(largest);
        var least = new Vector<float>(floor);
        var total = new DoubleSum();
        var crossed = new DoubleSum();
        for (long i = 0; i < whole; i += width)
        {
            Vector<float> x = Vector.Max(Vector.Load(log + i) - shift, least), e = Vector.Exp(x);
            x.Store(log + i);
            e.Store(probability + i);
            total.Add(e);
            crossed.Add(e * x);
        }
        for (long i = whole; i < columns; i++)
        {
            float x = MathF.Max(log[i] - largest, floor), e = MathF.Exp(x);
            (log[i], probability[i]) = (x, e);
            total.Add(e);
            crossed.Add(e * x);
        }
        double sum = total.Value, logSum = Math.Log(sum);
        var scale = new Vector<float>((float)(1 / sum));
        var offset = new Vector<float>((float)logSum);
        for (long i = 0; i < whole; i += width)
        {
            (Vector.Load(log + i) - offset).Store(log + i);
            (Vector.Load(probability + i) * scale).Store(probability + i);
        }
        for (long i = whole; i < columns; i++)
        {
            log[i] -= offset[0];
            probability[i] *= scale[0];
        }
        return (float)(logSum - crossed.Value / sum);
    }

    // NaN must not vanish: a largest value of NaN makes the whole row NaN, as it does in tensor operations.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest(float* values, long columns)
    {
        int width = Vector<float>.Count;
        var best = new Vector<float>(float.NegativeInfinity);
        long i = 0;
        for (; i + width <= columns; i += width) best = Vector.Max(best, Vector.Load(values + i));
        float largest = float.NegativeInfinity;
        for (int lane = 0; lane < width; lane++) largest = MathF.Max(largest, best[lane]);
        for (; i < columns; i++) largest = MathF.Max(largest, values[i]);
        return largest;
    }
}
