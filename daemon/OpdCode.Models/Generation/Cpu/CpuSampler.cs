using OpdCode.Models.Vectors;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>
/// Draws a token by inverting the cumulative distribution in the order of the vocabulary, as <see cref="TokenSampler"/>
/// does on tensors: the sums of whole parts of the vocabulary first, then token by token in the part that holds the draw.
/// </summary>
internal sealed unsafe class CpuSampler : IDisposable
{
    private const int PartSize = 512;

    private readonly IKernels _kernels;
    private readonly int _vocabulary;
    private readonly SamplingOptions _options;
    private readonly NativeFloats _exp;
    private readonly double[] _parts;
    private readonly ulong[] _sorted; // key of the logit above, id below
    private readonly double[] _mass;

    /// <summary>A sampler for one thread.</summary>
    /// <param name="kernels">The kernels of this processor.</param>
    /// <param name="vocabulary">Logits from here on are not looked at.</param>
    /// <param name="options">Temperature, top-k, top-p.</param>
    public CpuSampler(IKernels kernels, int vocabulary, SamplingOptions options)
    {
        (_kernels, _vocabulary, _options) = (kernels, vocabulary, options);
        _exp = new NativeFloats(PartSize);
        _parts = new double[(vocabulary + PartSize - 1) / PartSize];
        bool cuts = Cuts;
        _sorted = new ulong[cuts ? vocabulary : 0];
        _mass = new double[cuts ? vocabulary : 0];
    }

    private bool Cuts => (_options.TopK > 0 && _options.TopK < _vocabulary) || _options.TopP < 1;

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">At least the vocabulary.</param>
    /// <param name="uniform">In [0, 1); unused when greedy.</param>
    public CpuChoice Choose(float* logits, double uniform)
    {
        float max = _kernels.Max(logits, _vocabulary);
        double plainTotal = Sums(logits, max, 1), plain = max + Math.Log(plainTotal);
        if (_options.Temperature == 0)
        {
            int best = new ReadOnlySpan<float>(logits, _vocabulary).IndexOf(max);
            return new CpuChoice(Math.Max(best, 0), 0, (float)(max - plain));
        }
        float scale = (float)(1 / _options.Temperature);
        if (Cuts) return ChooseCut(logits, max, scale, plain, uniform);
        double total = scale == 1 ? plainTotal : Sums(logits, max, scale);
        int id = Find(logits, max, scale, uniform * total);
        return new CpuChoice(id, (float)((logits[id] - max) * (double)scale - Math.Log(total)), (float)(logits[id] - plain));
    }

    private double Sums(float* logits, float max, float scale)
    {
        double total = 0;
        for (int part = 0; part < _parts.Length; part++) total += _parts[part] = Exp(logits, part, max, scale);
        return total;
    }

    private double Exp(float* logits, int part, float max, float scale) =>
        _kernels.Exp(logits + part * PartSize, Math.Min(PartSize, _vocabulary - part * PartSize), max, scale, _exp.Start);

    private int Find(float* logits, float max, float scale, double threshold)
    {
        double before = 0;
        int part = 0;
        for (; part < _parts.Length - 1 && before + _parts[part] <= threshold; part++) before += _parts[part];
        // A draw at the very end may fall behind the last token that has mass; it belongs to that token.
        int count = Math.Min(PartSize, _vocabulary - part * PartSize), last = 0;
        Exp(logits, part, max, scale);
        for (int i = 0; i < count; i++)
        {
            if (_exp.Start[i] > 0) last = i;
            before += _exp.Start[i];
            if (before > threshold) break;
        }
        return part * PartSize + last;
    }

    private CpuChoice ChooseCut(float* logits, float max, float scale, double plain, double uniform)
    {
        int kept = Keep(logits, max, scale, out double total);
        double threshold = uniform * total, before = 0;
        Span<ulong> ids = _sorted.AsSpan(0, kept);
        foreach (ref ulong key in ids) key &= uint.MaxValue;
        ids.Sort(); // the order of the vocabulary
        int id = (int)ids[0];
        foreach (ulong candidate in ids)
        {
            id = (int)candidate;
            before += Mass(logits[id], max, scale);
            if (before > threshold) break;
        }
        return new CpuChoice(id, (float)((logits[id] - max) * (double)scale - Math.Log(total)), (float)(logits[id] - plain));
    }

    // Top-k, then of what is left the smallest set of most likely tokens with mass top-p: the front of _sorted.
    private int Keep(float* logits, float max, float scale, out double total)
    {
        bool topK = _options.TopK > 0 && _options.TopK < _vocabulary;
        double whole = topK ? 0 : scale == 1 ? _parts.Sum() : Sums(logits, max, scale);
        int candidates = Candidates(logits, max, scale, topK ? _options.TopK : 0, _options.TopP * whole);
        Span<ulong> sorted = _sorted.AsSpan(0, candidates);
        sorted.Sort();
        int most = topK ? _options.TopK : candidates, kept = 0;
        double inTopK = 0;
        for (int i = 0; i < most; i++) inTopK += _mass[i] = Mass(logits[(uint)sorted[i]], max, scale);
        total = inTopK;
        if (_options.TopP >= 1) return most;
        double limit = _options.TopP * (topK ? inTopK : whole);
        // A token stays while the mass before it is still below top-p: the first always stays.
        for (total = 0; kept < most && (kept == 0 || total < limit); kept++) total += _mass[kept];
        return kept;
    }

    // All tokens above a limit low enough that the cut lies above it: few tokens of a sharp distribution need sorting.
    private int Candidates(float* logits, float max, float scale, int least, double leastMass)
    {
        for (float depth = 4; ; depth *= 2)
        {
            float limit = depth > 64 ? float.NegativeInfinity : max - depth / scale;
            int count = 0;
            double mass = 0;
            for (int id = 0; id < _vocabulary; id++)
            {
                if (!(logits[id] >= limit)) continue;
                _sorted[count++] = ((ulong)Descending(logits[id]) << 32) | (uint)id;
                if (leastMass > 0) mass += Mass(logits[id], max, scale);
            }
            if ((count >= least && mass >= leastMass) || float.IsNegativeInfinity(limit)) return count;
        }
    }

    // Sorts as the floats do, largest first.
    private static uint Descending(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return bits >= 0x8000_0000 ? bits : 0x7FFF_FFFF - bits;
    }

    private static double Mass(float logit, float max, float scale) => Math.Exp(((double)logit - max) * scale);

    /// <inheritdoc/>
    public void Dispose() => _exp.Dispose();
}
