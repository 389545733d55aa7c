using System.Numerics;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Kernels;

/// <summary>Σ x² in one pass, in double precision across blocks; the same to the last bit on any number of threads.</summary>
internal static unsafe class SquareSumKernel
{
    private const long Block = 1 << 16;

    /// <summary>The sum over a float32 or bfloat16 tensor on the processor.</summary>
    public static double Of(torch.Tensor values_P)
    {
        long count = values_P.numel(), blocks = (count + Block - 1) / Block;
        bool isHalf = values_P.dtype == torch.ScalarType.BFloat16;
        float* wide = isHalf ? null : ProcessorMemory.Of<float>(values_P);
        ushort* half = isHalf ? ProcessorMemory.Of<ushort>(values_P) : null;
        var sums = new double[blocks];
        ProcessorMemory.Parallel(blocks, Block, (first, end) =>
        {
            for (long b = first; b < end; b++)
            {
                long at = b * Block, length = Math.Min(Block, count - at);
                sums[b] = isHalf ? HalfBlock(half + at, length) : Sum(wide + at, length);
            }
        });
        return sums.Sum();
    }

    private static double HalfBlock(ushort* values, long count)
    {
        const int Tile = 512;
        float* tile = stackalloc float[Tile];
        double sum = 0;
        for (long at = 0; at < count; at += Tile)
        {
            long length = Math.Min(Tile, count - at);
            Bfloat16Kernel.Widen(values + at, tile, length);
            sum += Sum(tile, length);
        }
        return sum;
    }

    private static double Sum(float* values, long count)
    {
        int width = Vector<float>.Count;
        var sum = new DoubleSum();
        long i = 0;
        for (; i + width <= count; i += width)
        {
            Vector<float> x = Vector.Load(values + i);
            sum.Add(x * x);
        }
        for (; i < count; i++) sum.Add(values[i] * values[i]);
        return sum.Value;
    }
}
