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
    // 128 rows × 151,936 columns: two such fp32 buffers are 150 MB. Fewer rows make the products slower, more rows buy nothing.
    private const long ChunkElements = 20_000_000;
    private const long BlockElements = 640_000;

    /// <summary>Overrides the rows of a chunk in tests, so that odd cuts are exercised; null: chosen by size.</summary>
    [ThreadStatic]
    internal static long? s_chunkRowsForTest;

    /// <summary>The plan for N rows of V columns.</summary>
    public static ChunkPlan For(long rows, long vocabulary)
    {
        long chunk = Math.Clamp(s_chunkRowsForTest ?? ChunkElements / vocabulary, 1, Math.Max(1, rows));
        return new ChunkPlan(rows, chunk, Math.Clamp(BlockElements / vocabulary, 1, chunk));
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
