namespace OpdCode.Models.Generation.Cpu;

/// <summary>The inner loops of generation on a processor, in the widest vectors that it has.</summary>
/// <remarks>
/// No result depends on what else is computed in the same call: a row's sum runs over the same numbers in the same order
/// whatever stands beside it. That is what lets a batch write what each sequence would write alone, bit for bit.
/// </remarks>
internal unsafe interface IKernels
{
    /// <summary>Columns of a panel of <see cref="PackedMatrix"/>.</summary>
    int PanelWidth { get; }

    /// <summary>Rows that a product computes at once; buffers hold a multiple of it.</summary>
    int TileRows { get; }

    /// <summary>One panel of y = x·Wᵀ (+ addend).</summary>
    /// <param name="x">[rows, K], rows <paramref name="xStride"/> apart. Read up to the next multiple of a tile.</param>
    /// <param name="xStride">Floats from one row to the next.</param>
    /// <param name="rows">At least one.</param>
    /// <param name="panel">[K, PanelWidth].</param>
    /// <param name="depth">K.</param>
    /// <param name="y">The panel's first column; written up to the next multiple of a tile.</param>
    /// <param name="yStride">Floats from one row to the next.</param>
    /// <param name="addend">Added to the product: a row of biases (stride 0) or y itself; null adds nothing.</param>
    /// <param name="addendStride">Floats from one row of the addend to the next.</param>
    /// <param name="next">What will be read after the panel and is as large, fetched meanwhile; null: unknown.</param>
    void Product(float* x, int xStride, int rows, float* panel, int depth, float* y, int yStride, float* addend, int addendStride, float* next = null);

    /// <summary>y = x / √(mean(x²) + ε) · weight. Buffers have room for a whole vector behind their end.</summary>
    void RmsNorm(float* x, float* weight, int count, float epsilon, float* y);

    /// <summary>Rotates pairs (i, i + half) by the angles of a position, in place (RoFormer, rotate-half order).</summary>
    void Rotate(float* x, float* cos, float* sin, int half);

    /// <summary>y = silu(gate) · up.</summary>
    void SiluProduct(float* gate, float* up, int count, float* y);

    /// <summary>Attention of one query head over the positions from … to−1 of a sequence.</summary>
    /// <param name="query">[H].</param>
    /// <param name="keys">For each block of 16 positions the address of its keys [H, 16].</param>
    /// <param name="valuesOffset">Floats from a block's keys to its values [16, H rounded up to 16].</param>
    /// <param name="keysOffset">Floats from the address to this layer's and head's keys.</param>
    /// <param name="from">First position attended to.</param>
    /// <param name="to">One behind the last.</param>
    /// <param name="headSize">H.</param>
    /// <param name="scores">Scratch: positions rounded up to 16, twice.</param>
    /// <param name="y">[H rounded up to 16].</param>
    void Attend(float* query, nint* keys, long keysOffset, long valuesOffset, int from, int to, int headSize, float* scores, float* y);

    /// <summary>The largest of the numbers.</summary>
    float Max(float* x, int count);

    /// <summary>y = exp((x − shift) · scale); returns the sum. Room behind the end is not needed.</summary>
    double Exp(float* x, int count, float shift, float scale, float* y);
}
