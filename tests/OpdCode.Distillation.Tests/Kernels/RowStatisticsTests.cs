using OpdCode.Distillation.Kernels;
using OpdCode.Models.Vectors;

namespace OpdCode.Distillation.Tests.Kernels;

/// <summary>Every width of register, whichever the processor has natively, against sums written out in double precision.</summary>
public sealed unsafe class RowStatisticsTests
{
    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (string lane in new[] { nameof(Lane128), nameof(Lane256), nameof(Lane512) })
                foreach (int count in new[] { 1, 15, 16, 17, 1000, 4096, 20_001 }) cases.Add(lane, count);
            return cases;
        }
    }

    private static IRowKernels Kernels(string lane) => lane switch
    {
        nameof(Lane128) => new RowKernels<Lane128>(),
        nameof(Lane256) => new RowKernels<Lane256>(),
        _ => new RowKernels<Lane512>(),
    };

    [Theory, MemberData(nameof(Cases))]
    public void Statistics_and_distribution_equal_the_plain_formulas(string lane, int count)
    {
        var random = new Random(count);
        float[] logits = [.. Enumerable.Range(0, count).Select(i => (float)(random.NextDouble() * 40 - 20 + i * 1e-3))];
        if (count > 20) Array.Fill(logits, float.NegativeInfinity, 0, 18); // begins with impossible outcomes
        Check(Kernels(lane), logits, 1);
        Check(Kernels(lane), logits, 1 / 0.7f);
    }

    [Theory]
    [InlineData(nameof(Lane128))]
    [InlineData(nameof(Lane256))]
    [InlineData(nameof(Lane512))]
    public void A_NaN_anywhere_makes_the_whole_row_NaN(string lane)
    {
        foreach (int place in new[] { 0, 16, 5000, 9999 })
        {
            float[] logits = new float[10_000];
            logits[place] = float.NaN;
            fixed (float* x = logits)
            {
                RowStatistics found = Kernels(lane).Statistics(x, logits.Length, 1);
                Assert.True(double.IsNaN(found.Entropy) && float.IsNaN(found.LogProbability(0)));
            }
        }
    }

    [Theory]
    [InlineData(nameof(Lane128))]
    [InlineData(nameof(Lane256))]
    [InlineData(nameof(Lane512))]
    public void The_largest_are_those_of_a_stable_sort(string lane)
    {
        var random = new Random(5);
        foreach ((int count, int k) in new[] { (1, 1), (5, 5), (17, 16), (1000, 1), (1000, 16), (4099, 128) })
        {
            foreach (int steps in new[] { 1_000_000, 30, 1 }) // few different numbers: ties
            {
                float[] row = [.. Enumerable.Range(0, count).Select(_ => random.Next(steps) / 7f)];
                if (count >= 1000) Array.Fill(row, float.NegativeInfinity, 3, count - 9); // fewer than k others
                Check(row, k);
                Array.Reverse(row);
                Check(row, k);
            }
        }

        void Check(float[] row, int k)
        {
            long[] places = new long[k], expected = [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i]).Take(k)];
            fixed (float* x = row) fixed (long* p = places) Kernels(lane).Largest(x, row.Length, k, p);
            Assert.Equal(expected, places);
        }
    }

    private static void Check(IRowKernels kernels, float[] logits, float scale)
    {
        double largest = logits.Max() * (double)scale, sum = logits.Sum(x => Math.Exp(x * (double)scale - largest)), logSum = Math.Log(sum);
        double[] log = [.. logits.Select(x => Math.Max(x * (double)scale - largest, RowStatistics.LogFloor) - logSum)];
        double entropy = -log.Sum(x => Math.Exp(x) * x);
        float[] foundLog = new float[logits.Length], probability = new float[logits.Length];
        fixed (float* x = logits, l = foundLog, p = probability)
        {
            RowStatistics found = kernels.Statistics(x, logits.Length, scale);
            kernels.Distribution(x, logits.Length, found, l, p);
            Assert.Equal(entropy, found.Entropy, 1e-5 * Math.Max(1, entropy));
            for (int i = 0; i < logits.Length; i++)
            {
                Assert.Equal(log[i], found.LogProbability(logits[i]), 1e-5 * Math.Max(1, Math.Abs(log[i])));
                Assert.Equal(found.LogProbability(logits[i]), foundLog[i], 1e-6 * Math.Max(1, Math.Abs(log[i])));
                Assert.Equal(Math.Exp(log[i]), probability[i], 1e-5 * Math.Exp(log[i]) + 1e-37);
            }
        }
    }
}
