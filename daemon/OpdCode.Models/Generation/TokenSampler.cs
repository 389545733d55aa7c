using TorchSharp;

namespace OpdCode.Models.Generation;

/// <summary>Chooses the next token of every row at once, on tensors.</summary>
internal static class TokenSampler
{
    // Tokens whose probabilities are summed before sums are compared with the draw.
    private const int PartSize = 512;

    /// <summary>
    /// Samples by inverting the cumulative distribution, in the order of the vocabulary, at the given uniforms: the sums of
    /// whole parts of the vocabulary first, then token by token in the part that holds the draw. So float64, which graphics
    /// cards are slow at, is only needed for the sums and for one part of each row.
    /// </summary>
    /// <param name="logits_BV">float32, padding columns already cut.</param>
    /// <param name="uniforms">One number in [0, 1) per row; unused when greedy.</param>
    /// <param name="options">Temperature, top-k, top-p.</param>
    /// <returns>float64 [3, B]: token id, its log-probability under the sampling distribution, its plain log-probability.</returns>
    public static torch.Tensor Sample(torch.Tensor logits_BV, double[] uniforms, SamplingOptions options)
    {
        torch.Tensor plain_BV = logits_BV.log_softmax(-1);
        torch.Tensor ids_B1, sampler_B1;
        if (options.Temperature == 0)
        {
            ids_B1 = logits_BV.argmax(-1, keepdim: true);
            sampler_B1 = torch.zeros(ids_B1.shape, torch.float64, ids_B1.device);
        }
        else
        {
            torch.Tensor logprobs_BV = Truncate(options.Temperature == 1 ? plain_BV : (logits_BV / options.Temperature).log_softmax(-1), options);
            ids_B1 = Invert(logprobs_BV.exp(), torch.tensor(uniforms, [uniforms.Length, 1], device: logits_BV.device));
            sampler_B1 = logprobs_BV.gather(1, ids_B1).to_type(torch.float64);
        }
        return torch.stack([ids_B1.to_type(torch.float64), sampler_B1, plain_BV.gather(1, ids_B1).to_type(torch.float64)]).squeeze(-1);
    }

    /// <summary>The first token at which the running sum passes uniform × total; never one without mass.</summary>
    /// <param name="mass_BV">float32, ≥ 0, with some mass in every row.</param>
    /// <param name="uniform_B1">float64 in [0, 1).</param>
    /// <returns>int64 [B, 1].</returns>
    internal static torch.Tensor Invert(torch.Tensor mass_BV, torch.Tensor uniform_B1)
    {
        long rows = mass_BV.shape[0], vocabulary = mass_BV.shape[1], parts = (vocabulary + PartSize - 1) / PartSize;
        torch.Tensor mass_BPS = torch.nn.functional.pad(mass_BV, [0, (parts * PartSize) - vocabulary]).view(rows, parts, PartSize);
        torch.Tensor until_BP = mass_BPS.sum(-1, type: torch.float64).cumsum(-1);
        torch.Tensor threshold_B1 = uniform_B1 * until_BP.narrow(1, parts - 1, 1);
        torch.Tensor part_B1 = First(until_BP, threshold_B1);
        torch.Tensor before_B1 = until_BP.gather(1, (part_B1 - 1).clamp_min_(0)) * part_B1.gt(0);
        torch.Tensor part_BS = mass_BPS.gather(1, part_B1.unsqueeze(2).expand(rows, 1, PartSize)).squeeze(1).to_type(torch.float64);
        return (part_B1 * PartSize) + First(before_B1 + part_BS.cumsum(-1), threshold_B1);
    }

    // The first place where a running sum exceeds the threshold. Places without mass repeat the sum before them, so "≤" steps
    // over them; a threshold that rounding put at the very end belongs to the last place with mass, where the sum reaches its end.
    private static torch.Tensor First(torch.Tensor sums_BP, torch.Tensor threshold_B1)
    {
        torch.Tensor end_B1 = sums_BP.narrow(1, sums_BP.shape[1] - 1, 1);
        return torch.minimum(sums_BP.le(threshold_B1).sum(-1, keepdim: true), sums_BP.lt(end_B1).sum(-1, keepdim: true));
    }

    /// <summary>Cuts to top-k, then to top-p, and normalises what is left.</summary>
    internal static torch.Tensor Truncate(torch.Tensor logprobs_BV, SamplingOptions options)
    {
        bool topK = options.TopK > 0 && options.TopK < logprobs_BV.shape[1];
        if (!topK && options.TopP >= 1) return logprobs_BV;
        (torch.Tensor sorted_BV, torch.Tensor order_BV) = logprobs_BV.sort(-1, descending: true, stable: true);
        if (topK) sorted_BV.narrow(1, options.TopK, sorted_BV.shape[1] - options.TopK).fill_(double.NegativeInfinity);
        if (options.TopP < 1)
        {
            torch.Tensor mass_BV = sorted_BV.softmax(-1);
            // A token stays while the mass before it is still below top-p: the first always stays.
            torch.Tensor before_BV = mass_BV.cumsum(-1) - mass_BV;
            sorted_BV = sorted_BV.masked_fill(before_BV.ge(options.TopP), double.NegativeInfinity);
        }
        torch.Tensor cut_BV = torch.full_like(logprobs_BV, double.NegativeInfinity).scatter_(1, order_BV, sorted_BV);
        return cut_BV.log_softmax(-1);
    }
}
