using OpdCode.Models.Decoding;
using TorchSharp;
using F = TorchSharp.torch.nn.functional;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>
/// Sampling as Hugging Face's <c>generate</c> does it, step by step, in plain TorchSharp: prompts repeated for each
/// sample and padded on the left, the whole batch until its longest response ends, the cache concatenated at every
/// step. Only here to be measured against.
/// </summary>
internal sealed class NaiveGeneration(Decoder model)
{
    private readonly DecoderConfig _config = model.Config;

    /// <summary>Generates and counts the tokens that are wanted: padding after the end of a response does not count.</summary>
    /// <param name="prompts">One per response.</param>
    /// <param name="lengths">Tokens of each response.</param>
    /// <returns>The sum of the lengths.</returns>
    public int Generate(int[][] prompts, int[] lengths)
    {
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        int rows = prompts.Length, longest = prompts.Max(p => p.Length);
        var ids = new long[rows * longest];
        var seen = new long[rows * longest];
        for (int b = 0; b < rows; b++)
        {
            for (int t = 0; t < prompts[b].Length; t++)
            {
                int at = (b + 1) * longest - prompts[b].Length + t;
                (ids[at], seen[at]) = (prompts[b][t], 1);
            }
        }
        torch.Tensor input_BT = torch.tensor(ids, [rows, longest]), attention_BS = torch.tensor(seen, [rows, longest]);
        torch.Tensor left_B = torch.tensor(lengths.Select(n => (long)n).ToArray());
        var cache = new (torch.Tensor Keys, torch.Tensor Values)?[_config.Layers];
        while (true)
        {
            using var step = torch.NewDisposeScope();
            (torch.Tensor Keys, torch.Tensor Values)?[] before = [.. cache];
            torch.Tensor logits_BV = Forward(input_BT, attention_BS, cache);
            torch.Tensor next_B = torch.multinomial(logits_BV.softmax(-1), 1).squeeze(1);
            left_B = (left_B - 1).MoveToOuterDisposeScope();
            next_B = next_B * left_B.ge(0).to_type(torch.int64); // padding once a response has ended
            if (left_B.max().ToInt64() <= 0) return lengths.Sum();
            input_BT = next_B.unsqueeze(1).MoveToOuterDisposeScope();
            attention_BS = torch.cat([attention_BS, torch.ones(rows, 1, dtype: torch.int64)], 1).MoveToOuterDisposeScope();
            for (int i = 0; i < cache.Length; i++)
            {
                cache[i]!.Value.Keys.MoveToOuterDisposeScope();
                cache[i]!.Value.Values.MoveToOuterDisposeScope();
                // The copy that was grown from is garbage now; kept, the copies of all steps would add up to tens of gigabytes.
                before[i]?.Keys.Dispose();
                before[i]?.Values.Dispose();
            }
        }
    }

    /// <summary>Logits of the last position, [B, V].</summary>
    internal torch.Tensor Forward(torch.Tensor ids_BT, torch.Tensor attention_BS, (torch.Tensor Keys, torch.Tensor Values)?[] cache)
    {
        long t = ids_BT.shape[1], s = attention_BS.shape[1];
        torch.Tensor positions_BT = (attention_BS.cumsum(-1) - 1).clamp_min(0).narrow(1, s - t, t);
        torch.Tensor inverse_H = torch.pow(_config.Rope.Theta, torch.arange(0, _config.HeadSize, 2, torch.float32) / -_config.HeadSize);
        torch.Tensor angles_BTH = positions_BT.unsqueeze(-1).to_type(torch.float32) * inverse_H;
        torch.Tensor both_BTH = torch.cat([angles_BTH, angles_BTH], -1);
        torch.Tensor cos_B1TH = both_BTH.cos().unsqueeze(1), sin_B1TH = both_BTH.sin().unsqueeze(1);
        torch.Tensor causal_TS = torch.arange(s).unsqueeze(0).le(torch.arange(s - t, s).unsqueeze(1));
        torch.Tensor self_TS = torch.arange(s).unsqueeze(0).eq(torch.arange(s - t, s).unsqueeze(1));
        torch.Tensor mask_B1TS = attention_BS.to_type(torch.@bool).unsqueeze(1).logical_and(causal_TS).logical_or(self_TS).unsqueeze(1);
        torch.Tensor x_BTD = Weight("model.embed_tokens.weight").index_select(0, ids_BT.reshape(-1)).view(ids_BT.shape[0], t, -1);
        for (int i = 0; i < _config.Layers; i++)
        {
            string p = $"model.layers.{i}.";
            x_BTD = x_BTD + Attention(p + "self_attn.", i, Norm(x_BTD, p + "input_layernorm.weight"), cos_B1TH, sin_B1TH, mask_B1TS, cache);
            torch.Tensor h_BTD = Norm(x_BTD, p + "post_attention_layernorm.weight");
            torch.Tensor inner_BTF = F.silu(F.linear(h_BTD, Weight(p + "mlp.gate_proj.weight"))) * F.linear(h_BTD, Weight(p + "mlp.up_proj.weight"));
            x_BTD = x_BTD + F.linear(inner_BTF, Weight(p + "mlp.down_proj.weight"));
        }
        return F.linear(Norm(x_BTD.select(1, t - 1), "model.norm.weight"), Weight(_config.TieEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"));
    }

    private torch.Tensor Attention(
        string p, int layer, torch.Tensor x_BTD, torch.Tensor cos_B1TH, torch.Tensor sin_B1TH, torch.Tensor mask_B1TS, (torch.Tensor Keys, torch.Tensor Values)?[] cache)
    {
        torch.Tensor q_BNTH = Rotate(Heads(x_BTD, p + "q_proj.weight", _config.Heads), cos_B1TH, sin_B1TH);
        torch.Tensor k_BKSH = Rotate(Heads(x_BTD, p + "k_proj.weight", _config.KeyValueHeads), cos_B1TH, sin_B1TH);
        torch.Tensor v_BKSH = Heads(x_BTD, p + "v_proj.weight", _config.KeyValueHeads);
        if (cache[layer] is var (keys, values)) (k_BKSH, v_BKSH) = (torch.cat([keys, k_BKSH], 2), torch.cat([values, v_BKSH], 2));
        cache[layer] = (k_BKSH, v_BKSH);
        int groups = _config.Heads / _config.KeyValueHeads;
        torch.Tensor y_BNTH = F.scaled_dot_product_attention(q_BNTH, k_BKSH.repeat_interleave(groups, 1), v_BKSH.repeat_interleave(groups, 1), mask_B1TS);
        return F.linear(y_BNTH.transpose(1, 2).reshape(x_BTD.shape[0], x_BTD.shape[1], -1), Weight(p + "o_proj.weight"));
    }

    private torch.Tensor Heads(torch.Tensor x_BTD, string weight, int heads) =>
        F.linear(x_BTD, Weight(weight)).view(x_BTD.shape[0], x_BTD.shape[1], heads, _config.HeadSize).transpose(1, 2);

    private static torch.Tensor Rotate(torch.Tensor x_BNTH, torch.Tensor cos_B1TH, torch.Tensor sin_B1TH)
    {
        long half = x_BNTH.shape[3] / 2;
        torch.Tensor turned = torch.cat([-x_BNTH.narrow(3, half, half), x_BNTH.narrow(3, 0, half)], 3);
        return x_BNTH * cos_B1TH + turned * sin_B1TH;
    }

    private torch.Tensor Norm(torch.Tensor x, string weight) => x * (x.pow(2).mean([-1], keepdim: true) + _config.NormEpsilon).rsqrt() * Weight(weight);

    private torch.Tensor Weight(string name) => model.Weights.Named[name];
}
