namespace OpdCode.Models.Decoding;

/// <summary>Which parameters a configuration has, in a fixed order, under the names that Hugging Face checkpoints use.</summary>
internal static class DecoderLayout
{
    /// <summary>Indices of one layer's parameters in the buffer; -1 where the model has no such parameter.</summary>
    internal sealed record Layer(
        string Prefix, int InputNorm, int Qkv, int QkvBias, int QueryNorm, int KeyNorm, int Output, int OutputBias,
        int PostNorm, int GateUp, int GateUpBias, int Down, int DownBias);

    /// <summary>Specs in buffer order, and where to find them again.</summary>
    internal sealed record Plan(IReadOnlyList<ParameterSpec> Specs, int Embedding, int Head, int FinalNorm, IReadOnlyList<Layer> Layers);

    public static Plan For(DecoderConfig c)
    {
        var specs = new List<ParameterSpec>();
        int Add(ParameterSpec spec)
        {
            specs.Add(spec);
            return specs.Count - 1;
        }

        long d = c.HiddenSize, q = (long)c.Heads * c.HeadSize, kv = (long)c.KeyValueHeads * c.HeadSize, f = c.IntermediateSize;
        int embedding = Add(ParameterSpec.Matrix("model.embed_tokens.weight", c.VocabularySize, d));
        int head = c.TieEmbeddings ? embedding : Add(ParameterSpec.Matrix("lm_head.weight", c.VocabularySize, d));
        int finalNorm = Add(ParameterSpec.Vector("model.norm.weight", d));
        var layers = new List<Layer>();
        for (int i = 0; i < c.Layers; i++)
        {
            string p = $"model.layers.{i}.", a = p + "self_attn.", m = p + "mlp.";
            // Query, key and value stand in one matrix, gate and up in another: one product instead of three and two.
            layers.Add(new Layer(
                p,
                Add(ParameterSpec.Vector(p + "input_layernorm.weight", d)),
                Add(new([q + 2 * kv, d], [(a + "q_proj.weight", q), (a + "k_proj.weight", kv), (a + "v_proj.weight", kv)], true)),
                c.QkvBias ? Add(new([q + 2 * kv], [(a + "q_proj.bias", q), (a + "k_proj.bias", kv), (a + "v_proj.bias", kv)], false)) : -1,
                c.QkNorm ? Add(ParameterSpec.Vector(a + "q_norm.weight", c.HeadSize)) : -1,
                c.QkNorm ? Add(ParameterSpec.Vector(a + "k_norm.weight", c.HeadSize)) : -1,
                Add(ParameterSpec.Matrix(a + "o_proj.weight", d, q)),
                c.OutputBias ? Add(ParameterSpec.Vector(a + "o_proj.bias", d)) : -1,
                Add(ParameterSpec.Vector(p + "post_attention_layernorm.weight", d)),
                Add(new([2 * f, d], [(m + "gate_proj.weight", f), (m + "up_proj.weight", f)], true)),
                c.MlpBias ? Add(new([2 * f], [(m + "gate_proj.bias", f), (m + "up_proj.bias", f)], false)) : -1,
                Add(ParameterSpec.Matrix(m + "down_proj.weight", d, f)),
                c.MlpBias ? Add(ParameterSpec.Vector(m + "down_proj.bias", d)) : -1));
        }
        return new Plan(specs, embedding, head, finalNorm, layers);
    }
}
