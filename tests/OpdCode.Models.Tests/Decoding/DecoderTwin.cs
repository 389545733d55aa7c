using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Models.Tests.Decoding;

/// <summary>The slow, obvious decoder: double precision, plain arrays, one position at a time, no cache, no fused matrices.</summary>
internal sealed class DecoderTwin(DecoderConfig c, Func<string, double[]> weight)
{
    public static DecoderTwin Of(Decoder model)
    {
        var cache = model.Weights.Named.ToDictionary(p => p.Key, p => p.Value.to_type(torch.float64).contiguous().data<double>().ToArray());
        return new DecoderTwin(model.Config, name => cache[name]);
    }

    /// <summary>Log-probabilities after each position: [T][V].</summary>
    public double[][] Logprobs(int[] ids)
    {
        int d = c.HiddenSize, h = c.HeadSize, groups = c.Heads / c.KeyValueHeads;
        double[] embedding = weight("model.embed_tokens.weight");
        double[][] x = ids.Select(id => embedding[(id * d)..((id + 1) * d)]).ToArray();
        (double[] frequencies, double scale) = Frequencies(ids.Length);
        for (int layer = 0; layer < c.Layers; layer++)
        {
            string p = $"model.layers.{layer}.";
            double[][] n = x.Select(v => Norm(v, weight(p + "input_layernorm.weight"))).ToArray();
            double[][] q = Heads(n, p + "self_attn.q_proj", c.Heads, c.QkvBias, c.QkNorm ? p + "self_attn.q_norm.weight" : null, frequencies, scale);
            double[][] k = Heads(n, p + "self_attn.k_proj", c.KeyValueHeads, c.QkvBias, c.QkNorm ? p + "self_attn.k_norm.weight" : null, frequencies, scale);
            double[][] v = n.Select(r => Linear(r, p + "self_attn.v_proj", c.QkvBias)).ToArray();
            for (int t = 0; t < ids.Length; t++)
            {
                var y = new double[c.Heads * h];
                for (int head = 0; head < c.Heads; head++)
                {
                    int kv = head / groups, first = c.Windows[layer] == 0 ? 0 : Math.Max(0, t - c.Windows[layer] + 1);
                    double[] scores = Enumerable.Range(first, t - first + 1)
                        .Select(s => Enumerable.Range(0, h).Sum(i => q[t][head * h + i] * k[s][kv * h + i]) / Math.Sqrt(h)).ToArray();
                    double[] attention = Softmax(scores);
                    for (int s = first; s <= t; s++)
                        for (int i = 0; i < h; i++) y[head * h + i] += attention[s - first] * v[s][kv * h + i];
                }
                x[t] = Add(x[t], Linear(y, p + "self_attn.o_proj", c.OutputBias));
            }
            for (int t = 0; t < ids.Length; t++)
            {
                double[] m = Norm(x[t], weight(p + "post_attention_layernorm.weight"));
                double[] gate = Linear(m, p + "mlp.gate_proj", c.MlpBias), up = Linear(m, p + "mlp.up_proj", c.MlpBias);
                x[t] = Add(x[t], Linear(gate.Select((g, i) => g / (1 + Math.Exp(-g)) * up[i]).ToArray(), p + "mlp.down_proj", c.MlpBias));
            }
        }
        string head_ = c.TieEmbeddings ? "model.embed_tokens" : "lm_head";
        return x.Select(r => Softmax(Linear(Norm(r, weight("model.norm.weight")), head_, false)).Select(p => Math.Log(p)).ToArray()).ToArray();
    }

    private double[][] Heads(double[][] rows, string name, int heads, bool bias, string? norm, double[] frequencies, double scale) => rows.Select((row, t) =>
    {
        double[] y = Linear(row, name, bias);
        int h = c.HeadSize, half = h / 2;
        for (int head = 0; head < heads; head++)
        {
            double[] part = y[(head * h)..((head + 1) * h)];
            if (norm is not null) part = Norm(part, weight(norm));
            for (int i = 0; i < half; i++)
            {
                double cos = Math.Cos(t * frequencies[i]) * scale, sin = Math.Sin(t * frequencies[i]) * scale;
                y[head * h + i] = part[i] * cos - part[i + half] * sin;
                y[head * h + i + half] = part[i + half] * cos + part[i] * sin;
            }
        }
        return y;
    }).ToArray();

    // The scaled frequencies have golden values of their own (RotaryTableTests); the twin takes them as given.
    private (double[], double) Frequencies(int length) => RotaryTable.Frequencies(c.Rope, c.HeadSize, length);

    private double[] Linear(double[] x, string name, bool bias)
    {
        double[] w = weight(name + ".weight");
        int rows = w.Length / x.Length;
        double[]? b = bias ? weight(name + ".bias") : null;
        return Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, x.Length).Sum(i => w[r * x.Length + i] * x[i]) + (b?[r] ?? 0)).ToArray();
    }

    private double[] Norm(double[] x, double[] w)
    {
        double scale = 1 / Math.Sqrt(x.Average(v => v * v) + c.NormEpsilon);
        return x.Select((v, i) => v * scale * w[i]).ToArray();
    }

    private static double[] Softmax(double[] x)
    {
        double max = x.Max();
        double[] e = x.Select(v => Math.Exp(v - max)).ToArray();
        double sum = e.Sum();
        return e.Select(v => v / sum).ToArray();
    }

    private static double[] Add(double[] a, double[] b) => a.Zip(b, (x, y) => x + y).ToArray();
}
