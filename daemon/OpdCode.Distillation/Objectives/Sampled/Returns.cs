using TorchSharp;

namespace OpdCode.Distillation.Objectives.Sampled;

/// <summary>Discounted sums of per-token rewards within each sequence.</summary>
internal static class Returns
{
    /// <summary>
    /// R_t = Σ_{u ≥ t} γ^(u−t)·r_u over the rest of the row's sequence; optionally over Σ γ^(u−t) (MiniLLM's length
    /// normalisation, a mean where γ = 1). γ = 0 gives r back, bit for bit. Rows of a sequence must follow each other in order.
    /// </summary>
    public static torch.Tensor Discounted_N(torch.Tensor reward_N, torch.Tensor sequence_N, double discount, bool lengthNormalize)
    {
        if (discount == 0) return reward_N;
        double[] sum = Doubles(reward_N);
        long[] sequence = sequence_N.to(torch.ScalarType.Int64).cpu().data<long>().ToArray();
        double[] length = new double[sum.Length];
        for (int n = sum.Length - 1; n >= 0; n--)
        {
            bool last = n + 1 == sum.Length || sequence[n + 1] != sequence[n];
            length[n] = last ? 1 : 1 + discount * length[n + 1];
            if (!last) sum[n] += discount * sum[n + 1];
        }
        if (lengthNormalize) for (int n = 0; n < sum.Length; n++) sum[n] /= length[n];
        return torch.tensor(sum, dtype: reward_N.dtype, device: reward_N.device);
    }

    /// <summary>What follows each row: γ·R_{t+1} where its sequence goes on, else 0; R as <see cref="Discounted_N"/> gives it.</summary>
    public static torch.Tensor AfterThis_N(torch.Tensor returns_N, torch.Tensor sequence_N, double discount)
    {
        double[] returns = Doubles(returns_N);
        long[] sequence = sequence_N.to(torch.ScalarType.Int64).cpu().data<long>().ToArray();
        double[] after = new double[returns.Length];
        for (int n = 0; n + 1 < returns.Length; n++)
            if (sequence[n + 1] == sequence[n]) after[n] = discount * returns[n + 1];
        return torch.tensor(after, dtype: returns_N.dtype, device: returns_N.device);
    }

    private static double[] Doubles(torch.Tensor x_N) => x_N.detach().to(torch.ScalarType.Float64).cpu().data<double>().ToArray();
}
