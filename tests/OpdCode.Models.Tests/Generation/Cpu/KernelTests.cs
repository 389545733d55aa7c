using System.Runtime.Intrinsics;
using OpdCode.Models.Generation.Cpu;
using OpdCode.Models.Vectors;
using TorchSharp;

namespace OpdCode.Models.Tests.Generation.Cpu;

/// <summary>Every kernel in every register width against the same thing written out in double precision.</summary>
public sealed unsafe class KernelTests
{
    public static TheoryData<int> Widths => Vector512.IsHardwareAccelerated ? [128, 256, 512] : Vector256.IsHardwareAccelerated ? [128, 256] : [128];

    private static IKernels Create(int width) => width switch { 512 => new LaneKernels<Lane512>(), 256 => new LaneKernels<Lane256>(), _ => new LaneKernels<Lane128>() };

    [Theory, MemberData(nameof(Widths))]
    public void A_product_is_the_sum_of_products(int width)
    {
        IKernels kernels = Create(width);
        using var team = new ThreadTeam(2);
        foreach ((int rows, int outputs, int depth) in new[] { (1, 7, 3), (2, 48, 64), (9, 100, 33), (16, 49, 1100) })
        {
            using var scope = torch.NewDisposeScope();
            float[] w = Numbers(outputs * depth, 1), b = Numbers(outputs, 2), x = Numbers(rows * depth, 3);
            using var matrix = new PackedMatrix(kernels, team, torch.tensor(w, [outputs, depth]), torch.tensor(b), scale: 2);
            int padded = (rows + 7) / 8 * 8, stride = matrix.PaddedOutputs;
            using NativeFloats input = Copy(x, padded * depth), y = new(padded * stride);
            matrix.Multiply(0, matrix.PanelCount, input.Start, depth, rows, y.Start, stride, addToY: false);
            Check(1);
            matrix.Multiply(0, matrix.PanelCount, input.Start, depth, rows, y.Start, stride, addToY: true);
            Check(2);

            void Check(int times)
            {
                for (int r = 0; r < rows; r++)
                {
                    for (int o = 0; o < outputs; o++)
                    {
                        double expected = b[o];
                        for (int k = 0; k < depth; k++) expected += 2.0 * w[o * depth + k] * x[r * depth + k];
                        Assert.Equal(times * expected, y.Start[r * stride + o], 1e-5 * times * Math.Sqrt(depth));
                    }
                }
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Norm_rotation_and_activation_are_what_they_are_called(int width)
    {
        IKernels kernels = Create(width);
        foreach (int count in new[] { 2, 16, 46 })
        {
            float[] x = Numbers(count, 4), w = Numbers(count, 5);
            using NativeFloats a = Copy(x, count), b = Copy(w, count), y = new(count);
            kernels.RmsNorm(a.Start, b.Start, count, 1e-5f, y.Start);
            double scale = 1 / Math.Sqrt(x.Average(v => (double)v * v) + 1e-5);
            for (int i = 0; i < count; i++) Assert.Equal(x[i] * scale * w[i], y.Start[i], 1e-6);

            kernels.SiluProduct(a.Start, b.Start, count, y.Start);
            for (int i = 0; i < count; i++) Assert.Equal(x[i] / (1 + Math.Exp(-x[i])) * w[i], y.Start[i], 1e-6);

            int half = count / 2;
            using NativeFloats cos = Copy(w, half), sin = Copy(w[half..], half);
            kernels.Rotate(a.Start, cos.Start, sin.Start, half);
            for (int i = 0; i < half; i++)
            {
                Assert.Equal((double)x[i] * w[i] - (double)x[half + i] * w[half + i], a.Start[i], 1e-6);
                Assert.Equal((double)x[half + i] * w[i] + (double)x[i] * w[half + i], a.Start[half + i], 1e-6);
            }
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void Exponentials_and_the_largest_number_are_found_in_any_length(int width)
    {
        IKernels kernels = Create(width);
        foreach (int count in new[] { 1, 15, 16, 200 })
        {
            float[] x = Numbers(count, 6);
            using NativeFloats a = Copy(x, count), y = new(count);
            Assert.Equal(x.Max(), kernels.Max(a.Start, count));
            double sum = kernels.Exp(a.Start, count, 0.5f, 3, y.Start);
            Assert.Equal(x.Sum(v => Math.Exp((v - 0.5) * 3)), sum, 1e-5 * sum);
            for (int i = 0; i < count; i++) Assert.Equal(Math.Exp((x[i] - 0.5) * 3), y.Start[i], 1e-5);
        }
    }

    [Theory, MemberData(nameof(Widths))]
    public void The_exponential_is_exact_to_two_units_in_the_last_place(int width)
    {
        IKernels kernels = Create(width);
        float[] x = [.. Enumerable.Range(0, 16_000).Select(i => -87.3f + i * (175.6f / 16_000)), float.NegativeInfinity, -88, -1000, 0, .. new float[12]];
        using NativeFloats a = Copy(x, x.Length), y = new(x.Length);
        kernels.Exp(a.Start, x.Length, 0, 1, y.Start);
        for (int i = 0; i < 16_000; i++) Assert.Equal(1, y.Start[i] / Math.Exp(x[i]), 2.5e-7);
        for (int i = 16_000; i < 16_003; i++) Assert.Equal(0, y.Start[i]);
        Assert.Equal(1, y.Start[16_003]);
    }

    [Theory, MemberData(nameof(Widths))]
    public void Attention_weighs_values_by_the_softmax_of_scores(int width)
    {
        IKernels kernels = Create(width);
        foreach ((int headSize, int from, int to) in new[] { (8, 0, 1), (20, 3, 40), (64, 0, 33), (128, 17, 18) })
        {
            int padded = (headSize + 15) / 16 * 16, blockFloats = 16 * (headSize + padded), blocks = (to + 15) / 16;
            float[] q = Numbers(headSize, 7), k = Numbers(to * headSize, 8), v = Numbers(to * headSize, 9);
            using NativeFloats memory = Copy([.. Enumerable.Repeat(float.NaN, blocks * blockFloats)], blocks * blockFloats); // what was never written must not matter
            using NativeFloats query = Copy(q, headSize), scores = new(16 * blocks + 16), y = new(padded);
            nint[] table = Enumerable.Range(0, blocks).Select(b => (nint)(memory.Start + b * blockFloats)).ToArray();
            for (int p = 0; p < to; p++)
            {
                float* block = (float*)table[p / 16];
                for (int h = 0; h < headSize; h++)
                {
                    block[h * 16 + p % 16] = k[p * headSize + h];
                    block[16 * headSize + p % 16 * padded + h] = v[p * headSize + h];
                }
            }
            fixed (nint* addresses = table) kernels.Attend(query.Start, addresses, 0, 16 * headSize, from, to, headSize, scores.Start, y.Start);
            double[] e = Enumerable.Range(from, to - from).Select(p => Math.Exp(Enumerable.Range(0, headSize).Sum(h => (double)q[h] * k[p * headSize + h]) / Math.Sqrt(headSize))).ToArray();
            for (int h = 0; h < headSize; h++)
                Assert.Equal(e.Select((weight, i) => weight * v[(from + i) * headSize + h]).Sum() / e.Sum(), y.Start[h], 1e-5);
        }
    }

    private static float[] Numbers(int count, long stream) =>
        Enumerable.Range(0, count).Select(i => (float)(2 * OpdCode.Models.Generation.CounterRandom.Uniform(1, stream, i) - 1)).ToArray();

    private static NativeFloats Copy(float[] numbers, int room)
    {
        var copy = new NativeFloats(room);
        new Span<float>(copy.Start, room).Clear();
        numbers.AsSpan(0, Math.Min(room, numbers.Length)).CopyTo(new Span<float>(copy.Start, room));
        return copy;
    }
}
