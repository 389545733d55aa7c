using TorchSharp;
using static TorchSharp.torch.nn;

namespace OpdCode.Models.Decoding;

/// <summary>One block: x + attention(norm(x)), then x + SwiGLU(norm(x)).</summary>
/// <remarks>Suffixes: B rows, T new tokens, S keys, D width, N heads, K key-value heads, G heads per key-value head, H head width, F inner width.</remarks>
internal sealed class DecoderBlock(DecoderConfig config, ParameterBuffer weights, DecoderLayout.Layer places, int index)
{
    private static readonly string[] s_qkv = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
    private static readonly string[] s_gateUp = ["mlp.gate_proj", "mlp.up_proj"];
    private static readonly string[] s_output = ["self_attn.o_proj"];
    private static readonly string[] s_down = ["mlp.down_proj"];

    public torch.Tensor Forward(torch.Tensor x_BTD, torch.Tensor cos_BT1H, torch.Tensor sin_BT1H, torch.Tensor? mask_B1TS, KeyValueCache? cache, LowRankAdapter? adapter)
    {
        torch.Tensor attended = Attention(Norm(x_BTD, places.InputNorm), cos_BT1H, sin_BT1H, mask_B1TS, cache, adapter);
        torch.Tensor middle_BTD = x_BTD + attended;
        return middle_BTD + FeedForward(Norm(middle_BTD, places.PostNorm), adapter);
    }

    /// <summary>The block over a pack: no cache, attention within each sequence.</summary>
    /// <param name="x_TD">All tokens of the pack.</param>
    /// <param name="cos_T1H">Cosines of each token's position.</param>
    /// <param name="sin_T1H">Sines of each token's position.</param>
    /// <param name="packed">Where the sequences lie.</param>
    /// <param name="adapter">The adapter in use, or null.</param>
    /// <param name="rows_N">The tokens whose result is wanted, int64; null: all. What lies behind attention is computed for these only.</param>
    /// <returns>[T, D] or [N, D].</returns>
    public torch.Tensor Forward(torch.Tensor x_TD, torch.Tensor cos_T1H, torch.Tensor sin_T1H, PackedSequences packed, LowRankAdapter? adapter, torch.Tensor? rows_N = null)
    {
        int n = config.Heads, k = config.KeyValueHeads, h = config.HeadSize;
        torch.Tensor[] qkv = Linear(Norm(x_TD, places.InputNorm), places.Qkv, places.QkvBias, adapter, s_qkv, [n * h, k * h, k * h])
            .view(-1, n + 2 * k, h).split([n, k, k], 1); // one cat in the backward pass, where narrow would make three whole matrices
        torch.Tensor q_TNH = qkv[0], k_TKH = qkv[1], v_TKH = qkv[2];
        if (config.QkNorm) (q_TNH, k_TKH) = (Norm(q_TNH, places.QueryNorm), Norm(k_TKH, places.KeyNorm));
        (q_TNH, k_TKH) = (Rotate(q_TNH, cos_T1H, sin_T1H), Rotate(k_TKH, cos_T1H, sin_T1H));

        torch.Tensor attended_TD = PackedAttention.Apply(q_TNH, k_TKH, v_TKH, packed.Buckets, config.Windows[index]);
        if (rows_N is not null) (attended_TD, x_TD) = (attended_TD.index_select(0, rows_N), x_TD.index_select(0, rows_N));
        torch.Tensor middle_TD = x_TD + Linear(attended_TD, places.Output, places.OutputBias, adapter, s_output, [config.HiddenSize]);
        return middle_TD + FeedForward(Norm(middle_TD, places.PostNorm), adapter);
    }

    private torch.Tensor Attention(torch.Tensor x_BTD, torch.Tensor cos_BT1H, torch.Tensor sin_BT1H, torch.Tensor? mask_B1TS, KeyValueCache? cache, LowRankAdapter? adapter)
    {
        long b = x_BTD.shape[0], t = x_BTD.shape[1];
        int n = config.Heads, k = config.KeyValueHeads, h = config.HeadSize;
        torch.Tensor qkv = Linear(x_BTD, places.Qkv, places.QkvBias, adapter, s_qkv, [n * h, k * h, k * h]).view(b, t, n + 2 * k, h);
        torch.Tensor q_BTNH = qkv.narrow(2, 0, n), k_BTKH = qkv.narrow(2, n, k);
        torch.Tensor v_BKTH = qkv.narrow(2, n + k, k).transpose(1, 2);
        if (config.QkNorm)
        {
            q_BTNH = Norm(q_BTNH, places.QueryNorm);
            k_BTKH = Norm(k_BTKH, places.KeyNorm);
        }
        torch.Tensor q_BNTH = Rotate(q_BTNH, cos_BT1H, sin_BT1H).transpose(1, 2);
        torch.Tensor k_BKTH = Rotate(k_BTKH, cos_BT1H, sin_BT1H).transpose(1, 2);
        if (cache is not null) (k_BKTH, v_BKTH) = cache.Append(index, k_BKTH, v_BKTH);

        torch.Tensor y_BNTH = t == 1 && n != k
            ? GroupedDecode(q_BNTH, k_BKTH, v_BKTH, mask_B1TS)
            : functional.scaled_dot_product_attention(
                q_BNTH, Spread(k_BKTH), Spread(v_BKTH), mask_B1TS, is_casual: mask_B1TS is null && t > 1);
        torch.Tensor y_BTD = y_BNTH.transpose(1, 2).reshape(b, t, n * h);
        return Linear(y_BTD, places.Output, places.OutputBias, adapter, s_output, [config.HiddenSize]);
    }

    // One new token: the heads that share a key-value head are treated as rows of one query, so nothing of the cache is copied.
    private torch.Tensor GroupedDecode(torch.Tensor q_BN1H, torch.Tensor k_BKSH, torch.Tensor v_BKSH, torch.Tensor? mask_B11S)
    {
        long b = q_BN1H.shape[0];
        int n = config.Heads, k = config.KeyValueHeads, h = config.HeadSize;
        torch.Tensor q_BKGH = q_BN1H.reshape(b, k, n / k, h);
        torch.Tensor y_BKGH = functional.scaled_dot_product_attention(q_BKGH, k_BKSH, v_BKSH, mask_B11S);
        return y_BKGH.reshape(b, n, 1, h);
    }

    // Key-value head j serves query heads j·G … j·G+G−1.
    private torch.Tensor Spread(torch.Tensor x_BKSH)
    {
        int groups = config.Heads / config.KeyValueHeads;
        if (groups == 1) return x_BKSH;
        long[] s = x_BKSH.shape;
        return x_BKSH.unsqueeze(2).expand(s[0], s[1], groups, s[2], s[3]).reshape(s[0], config.Heads, s[2], s[3]);
    }

    // Rotate-half: the pair of dimension i is i + H/2.
    private torch.Tensor Rotate(torch.Tensor x_BTNH, torch.Tensor cos_BT1H, torch.Tensor sin_BT1H)
    {
        int half = config.HeadSize / 2;
        torch.Tensor[] pair = x_BTNH.split(half, -1);
        return torch.cat([pair[0] * cos_BT1H - pair[1] * sin_BT1H, pair[1] * cos_BT1H + pair[0] * sin_BT1H], -1);
    }

    private torch.Tensor FeedForward(torch.Tensor x_BTD, LowRankAdapter? adapter)
    {
        int f = config.IntermediateSize;
        torch.Tensor[] gateUp = Linear(x_BTD, places.GateUp, places.GateUpBias, adapter, s_gateUp, [f, f]).split(f, -1);
        torch.Tensor inner_BTF = functional.silu(gateUp[0]) * gateUp[1];
        return Linear(inner_BTF, places.Down, places.DownBias, adapter, s_down, [config.HiddenSize]);
    }

    private torch.Tensor Linear(torch.Tensor x, int weight, int bias, LowRankAdapter? adapter, string[] modules, long[] outputs)
    {
        torch.Tensor y = functional.linear(x, weights[weight], bias < 0 ? null : weights[bias]);
        if (adapter is null) return y;
        torch.Tensor?[] updates = modules.Select(module => Update(x, adapter, places.Prefix + module)).ToArray();
        if (updates.All(update => update is null)) return y;
        long[] lead = x.shape[..^1];
        var parts = updates.Select((update, i) => update ?? torch.zeros([.. lead, outputs[i]], y.dtype, y.device)).ToArray();
        return y + (parts.Length == 1 ? parts[0] : torch.cat(parts, -1));
    }

    private static torch.Tensor? Update(torch.Tensor x, LowRankAdapter adapter, string path) =>
        adapter.Of(path) is var (a_RI, b_OR) ? functional.linear(functional.linear(x, a_RI.to_type(x.dtype)), b_OR.to_type(x.dtype)) * adapter.Scale : null;

    private torch.Tensor Norm(torch.Tensor x, int weight) => Decoder.RmsNorm(x, weights[weight], config.NormEpsilon);
}
