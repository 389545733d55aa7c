namespace OpdCode.Models.Generation.Cpu;

/// <summary>The keys and values of one sequence: a table of blocks.</summary>
internal sealed unsafe class TokenSequence(TokenBlocks pool) : IDisposable
{
    private nint[] _blocks = new nint[4];
    private int _count;

    /// <summary>Addresses of the blocks, position p in block p / 16.</summary>
    public nint[] Blocks => _blocks;

    /// <summary>Makes room for a position.</summary>
    public void Reserve(int position)
    {
        while (position >= _count * TokenBlocks.Positions) Add(pool.Rent());
    }

    /// <summary>A sequence that continues from here: full blocks are shared, the last one is copied.</summary>
    /// <param name="length">Positions filled.</param>
    public TokenSequence Fork(int length)
    {
        var fork = new TokenSequence(pool);
        int full = length / TokenBlocks.Positions;
        for (int i = 0; i < full; i++)
        {
            pool.Share(_blocks[i]);
            fork.Add(_blocks[i]);
        }
        if (length % TokenBlocks.Positions > 0)
        {
            nint copy = pool.Rent();
            long bytes = pool.FloatsPerBlock * sizeof(float);
            Buffer.MemoryCopy((void*)_blocks[full], (void*)copy, bytes, bytes);
            fork.Add(copy);
        }
        return fork;
    }

    private void Add(nint block)
    {
        if (_count == _blocks.Length) Array.Resize(ref _blocks, 2 * _count);
        _blocks[_count++] = block;
    }

    /// <summary>Gives the blocks back.</summary>
    public void Dispose()
    {
        for (int i = 0; i < _count; i++) pool.Return(_blocks[i]);
        _count = 0;
    }
}
