using OpdCode.Models.Decoding;
using OpdCode.Recipes;

namespace OpdCode.Models.Preflight;

/// <summary>
/// Bytes that one decoder block makes of one token, in the order of its code. Names: d width, q and k query and key-value
/// width (heads × head size), f inner width.
/// </summary>
/// <param name="config">The model's shape.</param>
/// <param name="number">Bytes of a number: 4 in float32, 2 in bfloat16.</param>
/// <param name="lora">The adapter in training, or null.</param>
internal sealed class BlockMemory(DecoderConfig config, long number, LoraRecipe? lora = null)
{
    private readonly long _d = config.HiddenSize, _q = (long)config.Heads * config.HeadSize, _k = (long)config.KeyValueHeads * config.HeadSize, _f = config.IntermediateSize;

    private bool IsWide => number == sizeof(float);

    /// <summary>What autograd keeps until the backward pass. Rotations, sums and splits keep nothing.</summary>
    public long Kept => 2 * NormKept + AttentionKept + FeedForwardKept;

    /// <summary>The part of <see cref="Kept"/> behind attention, which the last block makes for trained tokens only.</summary>
    public long KeptBehindAttention => NormKept + FeedForwardKept;

    /// <summary>All outputs of all operations: alive until the block ends, whether kept or not.</summary>
    public long All
    {
        get
        {
            long norm = IsWide ? 4 * _d * number : 4 * _d * sizeof(float) + 2 * _d * number;
            long attention = _q + 2 * _k + 4 * (_q + _k) + (Shares ? 3 * _q : 0) + _q + (config.QkNorm ? 3 * (_q + _k) : 0);
            return 2 * norm + (attention + 2 * _d + 4 * _f + 2 * _d + AdapterAll) * number;
        }
    }

    /// <summary>Gradients at the widest place of the backward pass: around the feed-forward part.</summary>
    public long Backward => (4 * _f + 2 * _d) * number;

    /// <summary>Weights of an adapter over all layers.</summary>
    public static long AdapterWeights(LoraRecipe? lora, DecoderConfig config) => lora is null ? 0
        : config.Layers * new BlockMemory(config, sizeof(float), lora).Groups().Sum(g => g.Parts.Where(p => IsTarget(lora, p.Name)).Sum(p => lora.R * (g.Inputs + p.Outputs)));

    // Heads that share keys and values get copies of them.
    private bool Shares => config.Heads != config.KeyValueHeads;

    // Its input, widened, and what the products read; trained gains keep the normalised input too.
    private long NormKept => _d * sizeof(float) + (lora is null ? _d * number : 0) + _d * number;

    private long AttentionKept => ((Shares ? 4 * _q : 3 * _q + 3 * _k) + (config.QkNorm ? 2 * (_q + _k) : 0)) * number;

    // Gate and up, their activation, and its product.
    private long FeedForwardKept => 4 * _f * number;

    // Each adapted part makes two products and a scaled copy; parts beside it are filled with zeros, joined, and added.
    private long AdapterAll => lora is null ? 0 : Groups().Where(g => g.Parts.Any(p => IsTarget(lora, p.Name))).Sum(g =>
        g.Parts.Sum(p => IsTarget(lora, p.Name) ? lora.R + 2 * p.Outputs : p.Outputs) + g.Parts.Sum(p => p.Outputs) * (g.Parts.Length > 1 ? 2 : 1));

    private IEnumerable<(long Inputs, (string Name, long Outputs)[] Parts)> Groups()
    {
        yield return (_d, [("q_proj", _q), ("k_proj", _k), ("v_proj", _k)]);
        yield return (_q, [("o_proj", _d)]);
        yield return (_d, [("gate_proj", _f), ("up_proj", _f)]);
        yield return (_f, [("down_proj", _d)]);
    }

    private static bool IsTarget(LoraRecipe lora, string name) => lora.TargetModules.Any(t => t == name || t.EndsWith("." + name, StringComparison.Ordinal));
}
