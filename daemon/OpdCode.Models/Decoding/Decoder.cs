using OpdCode.Models.Native;
using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// A decoder-only language model of the Llama family: token ids in, last hidden states out. The output matrix is
/// applied by whoever needs logits, at the positions that need them, so that [tokens × vocabulary] is never made by accident.
/// </summary>
/// <remarks>Every method allocates into the caller's DisposeScope. Not thread-safe.</remarks>
public sealed class Decoder : IDisposable
{
    private readonly DecoderLayout.Plan _plan;
    private readonly DecoderBlock[] _blocks;
    private readonly RotaryTable _rotary;
    private readonly bool _borrows; // the weights are another's

    /// <summary>A model with all weights zero; fill <see cref="Weights"/> or call <see cref="Initialize"/>.</summary>
    public Decoder(DecoderConfig config, torch.Device device, torch.ScalarType type = torch.ScalarType.Float32)
    {
        TorchRuntime.EnsureLoaded();
        Config = config;
        Device = device;
        _plan = DecoderLayout.For(config);
        Weights = new ParameterBuffer(_plan.Specs, device, type);
        _blocks = _plan.Layers.Select((places, i) => new DecoderBlock(config, Weights, places, i)).ToArray();
        _rotary = new RotaryTable(config);
    }

    private Decoder(Decoder lender, LowRankAdapter? adapter)
    {
        (Config, Device, Weights, Adapter, _borrows) = (lender.Config, lender.Device, lender.Weights, adapter, true);
        (_plan, _blocks, _rotary) = (lender._plan, lender._blocks, lender._rotary);
    }

    /// <summary>The shape of the model.</summary>
    public DecoderConfig Config { get; }

    /// <summary>Where it computes.</summary>
    public torch.Device Device { get; }

    /// <summary>All weights, flat and by checkpoint name.</summary>
    public ParameterBuffer Weights { get; }

    /// <summary>The adapter in use, or null.</summary>
    public LowRankAdapter? Adapter { get; set; }

    /// <summary>
    /// Whether training keeps only the input of every block and computes the block again in the backward pass: less
    /// memory, more time, the same gradient. Packed sequences only.
    /// </summary>
    public bool RecomputesBlocks { get; set; }

    /// <summary>What training changes: the adapter's parameters where there is one, else the weights.</summary>
    public ParameterBuffer Trained => Adapter?.Parameters ?? Weights;

    /// <summary>The output matrix [V, D]; the embedding itself when tied.</summary>
    public torch.Tensor Head_VD => Weights[_plan.Head];

    /// <summary>The same weights, not copied, with another adapter, which the result owns, or without one. This model must live longer.</summary>
    public Decoder With(LowRankAdapter? adapter) => new(this, adapter);

    /// <summary>Random weights: normal with deviation 0.02 (residual outputs scaled by 1/√(2·layers), as GPT-2), norms 1, biases 0.</summary>
    public void Initialize(long seed)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        using var generator = new torch.Generator((ulong)seed, Device);
        double residual = 0.02 / Math.Sqrt(2.0 * Config.Layers);
        foreach ((string name, torch.Tensor value) in Weights.Named)
        {
            if (name.EndsWith("norm.weight", StringComparison.Ordinal)) value.fill_(1);
            else if (name.EndsWith(".bias", StringComparison.Ordinal)) value.zero_();
            else value.normal_(0, name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal) ? residual : 0.02, generator);
        }
    }

    /// <summary>Last hidden states after the final norm.</summary>
    /// <param name="ids_BT">Token ids, int64 [B, T].</param>
    /// <param name="pattern">Positions and mask of the new tokens.</param>
    /// <param name="cache">Keys and values of what came before; extended by T.</param>
    /// <returns>[B, T, D] in the weights' type.</returns>
    public torch.Tensor Hidden(torch.Tensor ids_BT, AttentionPattern pattern, KeyValueCache? cache = null)
    {
        int t = (int)ids_BT.shape[1];
        int limit = pattern.Positions_BT is null ? t : pattern.PositionLimit;
        (torch.Tensor cos_PH, torch.Tensor sin_PH) = _rotary.Rows(limit, Device);
        torch.Tensor cos_BT1H, sin_BT1H;
        if (pattern.Positions_BT is null)
        {
            cos_BT1H = cos_PH.narrow(0, 0, t).view(1, t, 1, -1);
            sin_BT1H = sin_PH.narrow(0, 0, t).view(1, t, 1, -1);
        }
        else
        {
            cos_BT1H = Rows(cos_PH, pattern.Positions_BT).unsqueeze(2);
            sin_BT1H = Rows(sin_PH, pattern.Positions_BT).unsqueeze(2);
        }
        torch.Tensor x_BTD = Rows(Weights[_plan.Embedding], ids_BT);
        cos_BT1H = cos_BT1H.to_type(x_BTD.dtype);
        sin_BT1H = sin_BT1H.to_type(x_BTD.dtype);
        for (int i = 0; i < _blocks.Length; i++)
        {
            // What a block made on the way ends with it; where a gradient is wanted, autograd holds what it saved by itself.
            using DisposeScope scope = torch.NewDisposeScope();
            torch.Tensor? mask = Windowed(pattern.Mask_B1TS, Config.Windows[i], t, cache);
            torch.Tensor next_BTD = _blocks[i].Forward(x_BTD, cos_BT1H, sin_BT1H, mask, cache, Adapter).MoveToOuterDisposeScope();
            x_BTD.Dispose();
            x_BTD = next_BTD;
        }
        cache?.Advance(t);
        return RmsNorm(x_BTD, Weights[_plan.FinalNorm], Config.NormEpsilon);
    }

    /// <summary>Last hidden states after the final norm at chosen places of a pack; no padding is computed.</summary>
    /// <param name="packed">The sequences.</param>
    /// <param name="rows_N">Places in the pack, int64 [N].</param>
    /// <returns>[N, D] in the weights' type.</returns>
    public torch.Tensor Hidden(PackedSequences packed, torch.Tensor rows_N)
    {
        torch.Tensor x_TD = Weights[_plan.Embedding].index_select(0, packed.Ids_T);
        (torch.Tensor cos_PH, torch.Tensor sin_PH) = _rotary.Rows(packed.Longest, Device);
        torch.Tensor cos_T1H = cos_PH.index_select(0, packed.Positions_T).unsqueeze(1).to_type(x_TD.dtype);
        torch.Tensor sin_T1H = sin_PH.index_select(0, packed.Positions_T).unsqueeze(1).to_type(x_TD.dtype);
        for (int i = 0; i < _blocks.Length; i++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            DecoderBlock block = _blocks[i];
            torch.Tensor? wanted_N = i == _blocks.Length - 1 ? rows_N : null;
            torch.Tensor next_TD = RecomputesBlocks && torch.is_grad_enabled()
                ? RecomputedBlock.Apply(x_TD, input_TD => block.Forward(input_TD, cos_T1H, sin_T1H, packed, Adapter, wanted_N))
                : block.Forward(x_TD, cos_T1H, sin_T1H, packed, Adapter, wanted_N);
            next_TD.MoveToOuterDisposeScope();
            x_TD.Dispose();
            x_TD = next_TD;
        }
        return RmsNorm(x_TD, Weights[_plan.FinalNorm], Config.NormEpsilon);
    }

    /// <summary>Logits of hidden states: [.., V], float32, padding rows of the head included.</summary>
    public torch.Tensor Logits(torch.Tensor hidden) => torch.nn.functional.linear(hidden, Head_VD).to_type(torch.float32);

    private static torch.Tensor Rows(torch.Tensor table_RD, torch.Tensor ids_BT) =>
        table_RD.index_select(0, ids_BT.reshape(-1)).view(ids_BT.shape[0], ids_BT.shape[1], -1);

    // A sliding window of w lets slot i see slots i−w+1 … i. Slots and positions differ by the row's padding only, so distances agree.
    private torch.Tensor? Windowed(torch.Tensor? mask_B1TS, int window, int t, KeyValueCache? cache)
    {
        int past = cache?.Length ?? 0, s = past + t;
        if (window == 0 || s <= window) return mask_B1TS;
        torch.Tensor distance_TS = torch.arange(past, s, torch.int64, Device).unsqueeze(1) - torch.arange(0, s, torch.int64, Device).unsqueeze(0);
        torch.Tensor near_TS = distance_TS.ge(0).logical_and(distance_TS.lt(window));
        return mask_B1TS is null ? near_TS.view(1, 1, t, s) : mask_B1TS.logical_and(near_TS);
    }

    // The mean square is taken in float32 whatever the weights are, as Hugging Face does; float64 weights keep their precision.
    internal static torch.Tensor RmsNorm(torch.Tensor x, torch.Tensor weight_D, double epsilon)
    {
        torch.Tensor wide = x.dtype == torch.ScalarType.Float64 ? x : x.to_type(torch.float32);
        torch.Tensor scale = (wide * wide).mean([-1], keepdim: true).add_(epsilon).rsqrt();
        return (wide * scale).to_type(x.dtype) * weight_D;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Adapter?.Dispose();
        if (_borrows) return;
        _rotary.Dispose();
        Weights.Dispose();
    }
}
