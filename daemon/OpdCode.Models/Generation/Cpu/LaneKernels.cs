using System.Runtime.CompilerServices;
using OpdCode.Models.Vectors;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>The kernels over registers of one width.</summary>
internal sealed unsafe class LaneKernels<T> : IKernels
    where T : struct, ILane<T>
{
    // Compiled fully at the first call: until then every operation on a register would be a call, and a short run would end before.
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    private const int Block = TokenBlocks.Positions;

    /// <inheritdoc/>
    public int PanelWidth => 3 * T.Count;

    /// <inheritdoc/>
    public int TileRows => T.TileRows;

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public void Product(float* x, int xStride, int rows, float* panel, int depth, float* y, int yStride, float* addend, int addendStride, float* next = null)
    {
        if (rows == 1)
        {
            ProductTiles<T>.One(x, depth, panel, y, addend);
            return;
        }
        // A panel takes as long to come from memory as a tile or two to compute: the next one is fetched a share a tile.
        int tiles = (rows + T.TileRows - 1) / T.TileRows, step = next is null ? 0 : (PanelWidth + tiles - 1) / tiles;
        if (next is null) next = x;
        for (int row = 0; row < rows; row += T.TileRows, next += (long)step * depth)
        {
            float* a = addend is null ? null : addend + (long)row * addendStride;
            if (T.TileRows == 8) ProductTiles<T>.Eight(x + (long)row * xStride, xStride, depth, panel, y + (long)row * yStride, yStride, a, addendStride, next, step);
            else ProductTiles<T>.Four(x + (long)row * xStride, xStride, depth, panel, y + (long)row * yStride, yStride, a, addendStride, next, step);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public void RmsNorm(float* x, float* weight, int count, float epsilon, float* y)
    {
        T squares = T.All(0);
        int whole = count - count % T.Count;
        for (int i = 0; i < whole; i += T.Count)
        {
            T v = T.Load(x + i);
            squares = T.MultiplyAdd(v, v, squares);
        }
        float sum = T.Sum(squares);
        for (int i = whole; i < count; i++) sum += x[i] * x[i];
        T scale = T.All(1 / MathF.Sqrt(sum / count + epsilon));
        for (int i = 0; i < whole; i += T.Count) T.Multiply(T.Multiply(T.Load(x + i), scale), T.Load(weight + i)).Store(y + i);
        float single = 1 / MathF.Sqrt(sum / count + epsilon);
        for (int i = whole; i < count; i++) y[i] = x[i] * single * weight[i];
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public void Rotate(float* x, float* cos, float* sin, int half)
    {
        int i = 0;
        T minus = T.All(-1);
        for (; i + T.Count <= half; i += T.Count)
        {
            T first = T.Load(x + i), second = T.Load(x + half + i), c = T.Load(cos + i), s = T.Load(sin + i);
            T.MultiplyAdd(T.Multiply(second, minus), s, T.Multiply(first, c)).Store(x + i);
            T.MultiplyAdd(first, s, T.Multiply(second, c)).Store(x + half + i);
        }
        for (; i < half; i++)
        {
            float first = x[i], second = x[half + i];
            x[i] = first * cos[i] - second * sin[i];
            x[half + i] = second * cos[i] + first * sin[i];
        }
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public void SiluProduct(float* gate, float* up, int count, float* y)
    {
        int i = 0;
        T one = T.All(1), minus = T.All(-1);
        for (; i + T.Count <= count; i += T.Count)
        {
            T g = T.Load(gate + i);
            T.Multiply(T.Divide(g, T.Add(one, T.Exp(T.Multiply(g, minus)))), T.Load(up + i)).Store(y + i);
        }
        for (; i < count; i++) y[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public void Attend(float* query, nint* keys, long keysOffset, long valuesOffset, int from, int to, int headSize, float* scores, float* y)
    {
        int firstBlock = from / Block, lastBlock = (to - 1) / Block;
        float* score = scores - firstBlock * Block; // indexed by position
        float scale = 1 / MathF.Sqrt(headSize);
        for (int block = firstBlock; block <= lastBlock; block++)
        {
            float* at = (float*)keys[block] + keysOffset;
            // Blocks lie far apart, so the processor does not see the next one coming.
            float* next = block < lastBlock ? (float*)keys[block + 1] + keysOffset : at;
            Scores(query, at, headSize, scale, score + block * Block, next, at + valuesOffset);
        }
        float max = float.NegativeInfinity;
        for (int p = from; p < to; p++) max = MathF.Max(max, score[p]);
        float sum = (float)Exp(score + from, to - from, max, 1, score + from);
        int padded = (headSize + Block - 1) / Block * Block;
        for (int h = 0; h < padded; h += 4 * T.Count)
        {
            int registers = Math.Min(4, (padded - h) / T.Count);
            Values(score, keys, keysOffset + valuesOffset + h, padded, from, to, registers, 1 / sum, y + h);
        }
    }

    // Sixteen positions side by side: no sum across a register is needed.
    [MethodImpl(Optimized)]
    private static void Scores(float* query, float* keys, int headSize, float scale, float* score, float* nextKeys, float* values)
    {
        for (int p = 0; p < Block; p += T.Count)
        {
            T a = T.All(0), b = a, c = a, d = a;
            float* k = keys + p;
            int h = 0;
            for (; h + 4 <= headSize; h += 4, k += 4 * Block, nextKeys += 4 * Block, values += 4 * Block)
            {
                Prefetch.Near(nextKeys, 4 * Block);
                Prefetch.Near(values, 4 * Block);
                a = T.MultiplyAdd(T.All(query[h]), T.Load(k), a);
                b = T.MultiplyAdd(T.All(query[h + 1]), T.Load(k + Block), b);
                c = T.MultiplyAdd(T.All(query[h + 2]), T.Load(k + 2 * Block), c);
                d = T.MultiplyAdd(T.All(query[h + 3]), T.Load(k + 3 * Block), d);
            }
            for (; h < headSize; h++, k += Block) a = T.MultiplyAdd(T.All(query[h]), T.Load(k), a);
            T.Multiply(T.Add(T.Add(a, b), T.Add(c, d)), T.All(scale)).Store(score + p);
        }
    }

    [MethodImpl(Optimized)]
    private static void Values(float* weights, nint* blocks, long offset, int stride, int from, int to, int registers, float scale, float* y)
    {
        T a = T.All(0), b = a, c = a, d = a;
        int n = T.Count;
        for (int p = from; p < to;)
        {
            float* v = (float*)blocks[p / Block] + offset + (long)(p % Block) * stride;
            for (int end = Math.Min(to, (p / Block + 1) * Block); p < end; p++, v += stride)
            {
                T w = T.All(weights[p]);
                a = T.MultiplyAdd(w, T.Load(v), a);
                if (registers > 1) b = T.MultiplyAdd(w, T.Load(v + n), b);
                if (registers > 2) c = T.MultiplyAdd(w, T.Load(v + 2 * n), c);
                if (registers > 3) d = T.MultiplyAdd(w, T.Load(v + 3 * n), d);
            }
        }
        T s = T.All(scale);
        T.Multiply(a, s).Store(y);
        if (registers > 1) T.Multiply(b, s).Store(y + n);
        if (registers > 2) T.Multiply(c, s).Store(y + 2 * n);
        if (registers > 3) T.Multiply(d, s).Store(y + 3 * n);
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public float Max(float* x, int count)
    {
        int i = 0;
        float max = float.NegativeInfinity;
        if (count >= T.Count)
        {
            T most = T.Load(x);
            for (i = T.Count; i + T.Count <= count; i += T.Count) most = T.Max(most, T.Load(x + i));
            float* lanes = stackalloc float[T.Count];
            most.Store(lanes);
            for (int lane = 0; lane < T.Count; lane++) max = MathF.Max(max, lanes[lane]);
        }
        for (; i < count; i++) max = MathF.Max(max, x[i]);
        return max;
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public double Exp(float* x, int count, float shift, float scale, float* y)
    {
        T sums = T.All(0), minus = T.All(-shift), factor = T.All(scale);
        int i = 0;
        for (; i + T.Count <= count; i += T.Count)
        {
            T e = T.Exp(T.Multiply(T.Add(T.Load(x + i), minus), factor));
            e.Store(y + i);
            sums = T.Add(sums, e);
        }
        double sum = T.Sum(sums);
        for (; i < count; i++) sum += y[i] = MathF.Exp((x[i] - shift) * scale);
        return sum;
    }
}
