using TorchSharp;
using static TorchSharp.torch.nn;

namespace OpdCode.Models.Decoding;

/// <summary>Causal attention within each sequence of a pack: libtorch's fused kernel, one call a bucket, no mask but for sliding windows.</summary>
/// <remarks>Suffixes: T tokens, S sequences of a bucket, L its longest, N heads, K key-value heads, H head width.</remarks>
internal static class PackedAttention
{
    /// <summary>Attention of all tokens: [T, N·H].</summary>
    /// <param name="q_TNH">Queries.</param>
    /// <param name="k_TKH">Keys; each head serves N/K query heads.</param>
    /// <param name="v_TKH">Values.</param>
    /// <param name="buckets">The calls, in the order of the pack.</param>
    /// <param name="window">How many positions back attention reaches, itself included; 0 is all.</param>
    public static torch.Tensor Apply(torch.Tensor q_TNH, torch.Tensor k_TKH, torch.Tensor v_TKH, IReadOnlyList<AttentionBucket> buckets, int window)
    {
        if (buckets.Count == 1) return InBucket(q_TNH, k_TKH, v_TKH, buckets[0], window);
        // split, not narrow: its backward pass is one cat, where each narrow would fill a matrix of the whole pack.
        long[] sizes = buckets.Select(b => b.Tokens).ToArray();
        torch.Tensor[] q = q_TNH.split(sizes, 0), k = k_TKH.split(sizes, 0), v = v_TKH.split(sizes, 0);
        return torch.cat(buckets.Select((bucket, i) => InBucket(q[i], k[i], v[i], bucket, window)).ToArray(), 0);
    }

    private static torch.Tensor InBucket(torch.Tensor q_TNH, torch.Tensor k_TKH, torch.Tensor v_TKH, AttentionBucket bucket, int window)
    {
        long n = q_TNH.shape[1], h = q_TNH.shape[2], length = bucket.Length;
        torch.Tensor? near_LL = window > 0 && length > window ? Near(length, window, q_TNH.device) : null;
        torch.Tensor y_SNLH = functional.scaled_dot_product_attention(
            Sequences(q_TNH, bucket, n), Sequences(k_TKH, bucket, n), Sequences(v_TKH, bucket, n), near_LL, is_casual: near_LL is null && length > 1);
        torch.Tensor y_PD = y_SNLH.transpose(1, 2).reshape(-1, n * h);
        return bucket.Kept_T is null ? y_PD : y_PD.index_select(0, bucket.Kept_T);
    }

    // [T, K, H] → [S, N, L, H]: padded where lengths differ, each key-value head repeated for the query heads that it serves.
    private static torch.Tensor Sequences(torch.Tensor x_TKH, AttentionBucket bucket, long heads)
    {
        long k = x_TKH.shape[1], h = x_TKH.shape[2], s = bucket.Sequences, length = bucket.Length;
        if (bucket.Spread_P is not null) x_TKH = x_TKH.index_select(0, bucket.Spread_P);
        torch.Tensor x_SKLH = x_TKH.view(s, length, k, h).transpose(1, 2);
        return k == heads ? x_SKLH : x_SKLH.unsqueeze(2).expand(s, k, heads / k, length, h).reshape(s, heads, length, h);
    }

    private static torch.Tensor Near(long length, int window, torch.Device device)
    {
        torch.Tensor place_L = torch.arange(length, torch.int64, device);
        torch.Tensor distance_LL = place_L.unsqueeze(1) - place_L.unsqueeze(0);
        return distance_LL.ge(0).logical_and(distance_LL.lt(window)).view(1, 1, length, length);
    }
}
