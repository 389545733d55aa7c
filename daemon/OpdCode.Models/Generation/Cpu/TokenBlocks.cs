using OpdCode.Models.Vectors;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>
/// Memory for keys and values in blocks of 16 positions, all layers of a position in one block. A sequence grows by a
/// block at a time and nothing is ever moved; sequences with the same prompt share its full blocks (PagedAttention,
/// arXiv 2309.06180).
/// </summary>
internal sealed class TokenBlocks : IDisposable
{
    /// <summary>Positions in a block.</summary>
    public const int Positions = 16;

    private const int BlocksPerSlab = 64;

    private readonly List<NativeFloats> _slabs = [];
    private readonly Stack<nint> _free = new();
    private readonly Dictionary<nint, int> _holders = []; // only where there are more than one

    public TokenBlocks(long floatsPerBlock) => FloatsPerBlock = floatsPerBlock;

    /// <summary>Size of a block.</summary>
    public long FloatsPerBlock { get; }

    /// <summary>Blocks in use.</summary>
    public int Used => _slabs.Count * BlocksPerSlab - _free.Count;

    /// <summary>The address of a block for one holder; its content is undefined.</summary>
    public nint Rent()
    {
        if (_free.Count == 0)
        {
            var slab = new NativeFloats(FloatsPerBlock * BlocksPerSlab);
            _slabs.Add(slab);
            for (int i = BlocksPerSlab - 1; i >= 0; i--) _free.Push(slab.DangerousGetHandle() + (nint)(i * FloatsPerBlock * sizeof(float)));
        }
        return _free.Pop();
    }

    /// <summary>Counts one more holder, who only reads.</summary>
    public void Share(nint block) => _holders[block] = _holders.GetValueOrDefault(block, 1) + 1;

    /// <summary>Gives back one holder's block.</summary>
    public void Return(nint block)
    {
        if (!_holders.TryGetValue(block, out int holders)) _free.Push(block);
        else if (holders == 2) _holders.Remove(block);
        else _holders[block] = holders - 1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeFloats slab in _slabs) slab.Dispose();
    }
}
