using System.Numerics;
using OpdCode.Models.Decoding;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Distillation.Kernels;

/// <summary>
/// AdamW in one pass: weight, gradient and both moments of a few hundred parameters are read once, updated in the
/// cache, and written once. The result does not depend on the number of threads.
/// </summary>
internal static unsafe class AdamWKernel
{
    private const int Tile = 512;

    /// <summary>Whether the kernel can update these tensors.</summary>
    public static bool Reaches(ParameterBuffer parameters, torch.Tensor moment_P) =>
        ProcessorMemory.Reaches(moment_P) && parameters.Values_P.dtype is torch.ScalarType.Float32 or torch.ScalarType.BFloat16;

    /// <summary>Updates weights and moments.</summary>
    /// <param name="parameters">Weights and gradients, float32 or bfloat16.</param>
    /// <param name="master_P">float32 copy of bfloat16 weights, updated exactly; null: the weights themselves are, rounded stochastically where they are bfloat16.</param>
    /// <param name="first_P">First moment.</param>
    /// <param name="second_P">Second moment.</param>
    /// <param name="factors">The numbers of the step.</param>
    /// <param name="key">What the stochastic rounding of this step draws from.</param>
    public static void Update(ParameterBuffer parameters, torch.Tensor? master_P, torch.Tensor first_P, torch.Tensor second_P, AdamWFactors factors, uint key)
    {
        long count = parameters.Values_P.numel(), decayed = parameters.DecayedCount;
        bool isHalf = parameters.Values_P.dtype == torch.ScalarType.BFloat16;
        void* weights = isHalf ? ProcessorMemory.Of<ushort>(parameters.Values_P) : ProcessorMemory.Of<float>(parameters.Values_P);
        void* gradients = isHalf ? ProcessorMemory.Of<ushort>(parameters.Gradients_P!) : ProcessorMemory.Of<float>(parameters.Gradients_P!);
        float* master = master_P is null ? null : ProcessorMemory.Of<float>(master_P);
        float* first = ProcessorMemory.Of<float>(first_P), second = ProcessorMemory.Of<float>(second_P);
        ProcessorMemory.Parallel(count, 1, (from, to) =>
        {
            float* wide = stackalloc float[Tile];
            float* gradient = stackalloc float[Tile];
            for (long at = from, length; at < to; at += length)
            {
                length = Math.Min(Tile, (at < decayed ? Math.Min(to, decayed) : to) - at); // a tile is decayed as a whole or not at all
                AdamWFactors here = at < decayed ? factors : factors with { Decay = 1 };
                if (!isHalf)
                {
                    Update((float*)weights + at, (float*)gradients + at, first + at, second + at, length, here);
                    continue;
                }
                ushort* half = (ushort*)weights + at;
                float* exact = master is null ? wide : master + at;
                if (master is null) Bfloat16Kernel.Widen(half, wide, length);
                else Bfloat16Kernel.Follow(exact, half, length);
                Bfloat16Kernel.Widen((ushort*)gradients + at, gradient, length);
                Update(exact, gradient, first + at, second + at, length, here);
                if (master is null) Bfloat16Kernel.Stochastic(exact, half, length, key, at);
                else Bfloat16Kernel.Nearest(exact, half, length);
            }
        });
    }

    private static void Update(float* weight, float* gradient, float* first, float* second, long count, AdamWFactors f)
    {
        int width = Vector<float>.Count;
        float rest1 = 1 - f.Beta1, rest2 = 1 - f.Beta2;
        var epsilon = new Vector<float>(f.Epsilon);
        long i = 0;
        for (; i + width <= count; i += width)
        {
            Vector<float> g = Vector.Load(gradient + i) * f.GradientScale;
            Vector<float> m = Vector.Load(first + i) * f.Beta1 + g * rest1, v = Vector.Load(second + i) * f.Beta2 + g * g * rest2;
            m.Store(first + i);
            v.Store(second + i);
            (Vector.Load(weight + i) * f.Decay - m * f.Rate / (Vector.SquareRoot(v * f.Widen) + epsilon)).Store(weight + i);
        }
        for (; i < count; i++)
        {
            float g = gradient[i] * f.GradientScale;
            float m = first[i] * f.Beta1 + g * rest1, v = second[i] * f.Beta2 + g * g * rest2;
            (first[i], second[i]) = (m, v);
            weight[i] = weight[i] * f.Decay - m * f.Rate / (MathF.Sqrt(v * f.Widen) + f.Epsilon);
        }
    }
}
