using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// Cosines and sines of the rotary position embedding (RoFormer, arXiv 2104.09864) in Hugging Face's rotate-half
/// order, with the published scalings: linear (2306.15595), dynamic NTK, Llama-3's bands, YaRN (2309.00071).
/// Grows on demand; angles are computed in double precision.
/// </summary>
internal sealed class RotaryTable(DecoderConfig config) : IDisposable
{
    private torch.Tensor? _cos_PH;
    private torch.Tensor? _sin_PH;
    private int _positions;
    private int _madeFor;

    /// <summary>Cosine and sine rows for positions 0 … at least <paramref name="positions"/>−1: shape [P, HeadSize/2], float32 on <paramref name="device"/>.</summary>
    public (torch.Tensor Cos_PH, torch.Tensor Sin_PH) Rows(int positions, torch.Device device)
    {
        int original = config.Rope.OriginalMaxPositions;
        bool dynamic = config.Rope.Kind == "dynamic", stretched = dynamic && positions > original;
        // Dynamic frequencies belong to one length: a table left from a longer or shorter text would be another model.
        bool stale = dynamic && positions != _madeFor && (stretched || _madeFor > original);
        if (_cos_PH is null || positions > _positions || stale)
        {
            int grown = stretched ? positions : Math.Max(positions, Math.Min(2 * _positions, config.MaxPositions));
            Grow(Math.Max(grown, 64), positions, device);
        }
        return (_cos_PH!, _sin_PH!);
    }

    private void Grow(int count, int sequenceLength, torch.Device device)
    {
        (double[] frequencies, double scale) = Frequencies(config.Rope, config.HeadSize, sequenceLength);
        int half = frequencies.Length;
        var cos = new float[(long)count * half];
        var sin = new float[cos.Length];
        for (int p = 0, at = 0; p < count; p++)
        {
            for (int h = 0; h < half; h++, at++)
            {
                cos[at] = (float)(Math.Cos(p * frequencies[h]) * scale);
                sin[at] = (float)(Math.Sin(p * frequencies[h]) * scale);
            }
        }
        Dispose();
        _cos_PH = torch.tensor(cos, [count, half], device: device).DetachFromDisposeScope();
        _sin_PH = torch.tensor(sin, [count, half], device: device).DetachFromDisposeScope();
        (_positions, _madeFor) = (count, sequenceLength);
    }

    /// <summary>Angle per position for each pair of dimensions, and the factor on cosine and sine (1 but for YaRN).</summary>
    internal static (double[] Frequencies, double Scale) Frequencies(RopeConfig rope, int headSize, int sequenceLength)
    {
        double theta = rope.Theta;
        if (rope.Kind == "dynamic" && sequenceLength > rope.OriginalMaxPositions)
        {
            double stretch = rope.Factor * sequenceLength / rope.OriginalMaxPositions - (rope.Factor - 1);
            theta *= Math.Pow(stretch, headSize / (headSize - 2.0));
        }
        double[] plain = Enumerable.Range(0, headSize / 2).Select(i => Math.Pow(theta, -2.0 * i / headSize)).ToArray();
        return rope.Kind switch
        {
            "linear" => (plain.Select(f => f / rope.Factor).ToArray(), 1),
            "llama3" => (plain.Select(f => Llama3(f, rope)).ToArray(), 1),
            "yarn" => (Yarn(plain, rope, headSize), rope.AttentionFactor ?? (rope.Factor <= 1 ? 1 : 0.1 * Math.Log(rope.Factor) + 1)),
            _ => (plain, 1),
        };
    }

    private static double Llama3(double frequency, RopeConfig rope)
    {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < rope.OriginalMaxPositions / rope.HighFrequencyFactor) return frequency;
        if (wavelength > rope.OriginalMaxPositions / rope.LowFrequencyFactor) return frequency / rope.Factor;
        double smooth = (rope.OriginalMaxPositions / wavelength - rope.LowFrequencyFactor) / (rope.HighFrequencyFactor - rope.LowFrequencyFactor);
        return (1 - smooth) * frequency / rope.Factor + smooth * frequency;
    }

    private static double[] Yarn(double[] plain, RopeConfig rope, int headSize)
    {
        double Dimension(double rotations) =>
            headSize * Math.Log(rope.OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));
        double low = Math.Max(Math.Floor(Dimension(rope.BetaFast)), 0), high = Math.Min(Math.Ceiling(Dimension(rope.BetaSlow)), headSize - 1);
        if (low == high) high += 0.001; // a ramp of no width would divide by zero
        return plain.Select((frequency, i) =>
        {
            double ramp = Math.Clamp((i - low) / (high - low), 0, 1); // 0: keep, 1: interpolate
            return frequency / rope.Factor * ramp + frequency * (1 - ramp);
        }).ToArray();
    }

    public void Dispose()
    {
        _cos_PH?.Dispose();
        _sin_PH?.Dispose();
    }
}
