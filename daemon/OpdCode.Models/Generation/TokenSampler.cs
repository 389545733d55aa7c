using TorchSharp;

namespace OpdCode.Models.Generation;

/// <summary>Chooses the next token of every row at once, on tensors.</summary>
internal static class TokenSampler
{
    /// <summary>Samples by inverting the cumulative distribution at the given uniforms.</summary>
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
            // float64: a running sum over 150,000 float32 probabilities loses the small ones.
            torch.Tensor cumulative_BV = logprobs_BV.to_type(torch.float64).exp_().cumsum(-1);
            torch.Tensor threshold_B1 = torch.tensor(uniforms, [uniforms.Length, 1], device: logits_BV.device) * cumulative_BV.narrow(1, -1, 1);
            // Tokens without mass repeat the previous sum, so "≤" steps over them.
            ids_B1 = cumulative_BV.le(threshold_B1).sum(-1, keepdim: true).clamp_max_(logits_BV.shape[1] - 1);
            sampler_B1 = logprobs_BV.gather(1, ids_B1).to_type(torch.float64);
        }
        return torch.stack([ids_B1.to_type(torch.float64), sampler_B1, plain_BV.gather(1, ids_B1).to_type(torch.float64)]).squeeze(-1);
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
