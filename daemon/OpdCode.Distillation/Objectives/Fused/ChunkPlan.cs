namespace OpdCode.Distillation.Objectives.Fused;

/// <summary>
/// How N rows are cut: chunks for the matrix products (memory bound: two buffers of C × V live at once), and blocks
/// inside a chunk for the elementwise work (bound so that a block's few tensors stay in the last-level cache).
/// </summary>
/// <param name="Rows">Number of rows N.</param>
/// <param name="ChunkRows">Rows C of a chunk.</param>
/// <param name="BlockRows">Rows R of a block.</param>
internal sealed record ChunkPlan(long Rows, long ChunkRows, long BlockRows)
{
    // 131 rows × 151,936 columns of float32, 263 of bfloat16; two such buffers live at once. Fewer rows make the products
    // slower (each streams the whole head), more rows buy nothing.
    private const long ChunkBytes = 80_000_000;
    // A processor's cache wants small blocks; a GPU has no such cache and wants few kernel launches.
    private const long BlockElements = 640_000;
    private const long AcceleratorBlockElements = 10_000_000;

    /// <summary>Overrides the rows of a chunk in tests, so that odd cuts are exercised; null: chosen by size.</summary>
    [ThreadStatic]
    internal static long? s_chunkRowsForTest;

    /// <summary>The plan for N rows of V columns of <paramref name="elementSize"/> bytes.</summary>
    public static ChunkPlan For(long rows, long vocabulary, long elementSize, bool isOnProcessor)
    {
        long blockElements = isOnProcessor ? BlockElements : AcceleratorBlockElements;
        long chunk = Math.Clamp(s_chunkRowsForTest ?? ChunkBytes / (vocabulary * elementSize), 1, Math.Max(1, rows));
        return new ChunkPlan(rows, chunk, Math.Clamp(blockElements / vocabulary, 1, chunk));
    }

    /// <summary>Start and length of every chunk.</summary>
    public IEnumerable<(long Start, long Count)> Chunks => Cut(Rows, ChunkRows);

    /// <summary>Offset and height of every block of a chunk of <paramref name="count"/> rows.</summary>
    public IEnumerable<(long Offset, long Height)> Blocks(long count) => Cut(count, BlockRows);

    private static IEnumerable<(long, long)> Cut(long length, long piece)
    {
        for (long start = 0; start < length; start += piece) yield return (start, Math.Min(piece, length - start));
    }
}
