using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// Keys and values of every layer for the tokens seen so far, so that generating one more costs one token's work.
/// Rows end at the same slot. Capacity grows by blocks; the tensors belong to the cache and outlive the scopes they are made in.
/// </summary>
public sealed class KeyValueCache : IDisposable
{
    /// <summary>Slots that capacity grows by: one copy of the cache in as many steps, and never twice the memory.</summary>
    public const int Block = 256;

    private readonly torch.Tensor?[] _stores; // [B, K, S, H]: keys of a layer, then its values
    private readonly int _capacity;

    /// <summary>An empty cache for a model.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="capacity">Slots to allocate at once.</param>
    public KeyValueCache(DecoderConfig config, int capacity) : this(config.Layers, capacity)
    {
    }

    private KeyValueCache(int layers, int capacity)
    {
        _stores = new torch.Tensor?[2 * layers];
        _capacity = capacity;
    }

    /// <summary>Slots filled in every row, padding included.</summary>
    public int Length { get; private set; }

    /// <summary>Appends new keys and values of one layer and returns everything up to and including them: [B, K, S, H].</summary>
    internal (torch.Tensor Keys_BKSH, torch.Tensor Values_BKSH) Append(int layer, torch.Tensor keys_BKTH, torch.Tensor values_BKTH)
    {
        long added = keys_BKTH.shape[2], length = Length + added;
        return (Append(ref _stores[2 * layer], keys_BKTH, length), Append(ref _stores[2 * layer + 1], values_BKTH, length));
    }

    private torch.Tensor Append(ref torch.Tensor? store_BKSH, torch.Tensor new_BKTH, long length)
    {
        if (store_BKSH is null || store_BKSH.shape[2] < length)
        {
            long[] shape = new_BKTH.shape;
            long capacity = store_BKSH is null ? Math.Max(_capacity, length) : length - 1 + Block;
            torch.Tensor grown = torch.empty([shape[0], shape[1], capacity, shape[3]], new_BKTH.dtype, new_BKTH.device).DetachFromDisposeScope();
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
    /// <param name="rows_R">Rows to keep, int64 [R]; a row may be named more than once.</param>
    /// <param name="unused">Slots at the left end that none of them needs; dropped when they are a block or more.</param>
    public void Select(torch.Tensor rows_R, int unused)
    {
        int dropped = unused >= Block ? unused : 0;
        Replace((_, store_BKSH) => store_BKSH.narrow(2, dropped, store_BKSH.shape[2] - dropped).index_select(0, rows_R));
        Length -= dropped;
    }

    /// <summary>Appends the rows of another cache below these; the shorter ones are moved to the right, so that all end at the same slot.</summary>
    /// <param name="other">Of the same model; unchanged.</param>
    public void Join(KeyValueCache other)
    {
        ArgumentNullException.ThrowIfNull(other);
        int length = Math.Max(Length, other.Length);
        Replace((at, store_BKSH) =>
        {
            torch.Tensor more_BKSH = other._stores[at]!;
            long[] shape = store_BKSH.shape;
            // Zeros, because what is masked is still multiplied by zero, and zero times whatever lay in memory may be NaN.
            torch.Tensor joined = torch.zeros([shape[0] + more_BKSH.shape[0], shape[1], length + Block, shape[3]], store_BKSH.dtype, store_BKSH.device);
            joined.narrow(0, 0, shape[0]).narrow(2, length - Length, Length).copy_(store_BKSH.narrow(2, 0, Length));
            joined.narrow(0, shape[0], more_BKSH.shape[0]).narrow(2, length - other.Length, other.Length).copy_(more_BKSH.narrow(2, 0, other.Length));
            return joined;
        });
        Length = length;
    }

    /// <summary>The same cache with a new owner; this one is empty afterwards, and disposing it frees nothing.</summary>
    public KeyValueCache Give()
    {
        var given = new KeyValueCache(_stores.Length / 2, _capacity) { Length = Length };
        _stores.CopyTo(given._stores, 0);
        Array.Clear(_stores);
        Length = 0;
        return given;
    }

    // One store at a time: the old and the new of one layer exist together, not of all.
    private void Replace(Func<int, torch.Tensor, torch.Tensor> make)
    {
        for (int at = 0; at < _stores.Length; at++)
        {
            if (_stores[at] is not { } store_BKSH) continue;
            using DisposeScope scope = torch.NewDisposeScope();
            _stores[at] = make(at, store_BKSH).DetachFromDisposeScope();
            store_BKSH.Dispose();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (torch.Tensor? store in _stores) store?.Dispose();
    }
}
