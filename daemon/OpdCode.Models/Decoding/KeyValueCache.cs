using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// Keys and values of every layer for the tokens seen so far, so that generating one more costs one token's work.
/// Capacity grows by doubling; the tensors belong to the cache and outlive the scopes they are made in.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    private readonly torch.Tensor?[] _keys_BKSH;
    private readonly torch.Tensor?[] _values_BKSH;
    private long _capacity;

    /// <summary>An empty cache for a model.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="capacity">Slots to allocate at once: prompt plus the longest response is a good guess.</param>
    public KeyValueCache(DecoderConfig config, int capacity)
    {
        _keys_BKSH = new torch.Tensor?[config.Layers];
        _values_BKSH = new torch.Tensor?[config.Layers];
        _capacity = Math.Max(capacity, 16);
    }

    /// <summary>Slots filled in every row, padding included.</summary>
    public int Length { get; private set; }

    /// <summary>Appends new keys and values of one layer and returns everything up to and including them: [B, K, S, H].</summary>
    internal (torch.Tensor Keys_BKSH, torch.Tensor Values_BKSH) Append(int layer, torch.Tensor keys_BKTH, torch.Tensor values_BKTH)
    {
        long added = keys_BKTH.shape[2], length = Length + added;
        return (Append(ref _keys_BKSH[layer], keys_BKTH, length), Append(ref _values_BKSH[layer], values_BKTH, length));
    }

    private torch.Tensor Append(ref torch.Tensor? store_BKSH, torch.Tensor new_BKTH, long length)
    {
        if (store_BKSH is null || store_BKSH.shape[2] < length)
        {
            while (_capacity < length) _capacity *= 2;
            long[] shape = new_BKTH.shape;
            torch.Tensor grown = torch.empty([shape[0], shape[1], _capacity, shape[3]], new_BKTH.dtype, new_BKTH.device).DetachFromDisposeScope();
            if (store_BKSH is not null && Length > 0)
                grown.narrow(2, 0, Length).copy_(store_BKSH.narrow(2, 0, Length));
            store_BKSH?.Dispose();
            store_BKSH = grown;
        }
        store_BKSH.narrow(2, Length, length - Length).copy_(new_BKTH);
        return store_BKSH.narrow(2, 0, length);
    }

    /// <summary>Counts the tokens that every layer has appended.</summary>
    internal void Advance(int tokens) => Length += tokens;

    /// <summary>Keeps only the given rows, in the given order.</summary>
    public void Select(torch.Tensor rows_R)
    {
        for (int layer = 0; layer < _keys_BKSH.Length; layer++)
        {
            Select(ref _keys_BKSH[layer], rows_R);
            Select(ref _values_BKSH[layer], rows_R);
        }
    }

    private static void Select(ref torch.Tensor? store_BKSH, torch.Tensor rows_R)
    {
        if (store_BKSH is null) return;
        torch.Tensor kept = store_BKSH.index_select(0, rows_R).DetachFromDisposeScope();
        store_BKSH.Dispose();
        store_BKSH = kept;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (torch.Tensor? tensor in _keys_BKSH) tensor?.Dispose();
        foreach (torch.Tensor? tensor in _values_BKSH) tensor?.Dispose();
    }
}
