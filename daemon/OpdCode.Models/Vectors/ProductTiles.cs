using System.Runtime.CompilerServices;

namespace OpdCode.Models.Vectors;

/// <summary>
/// Tiles of a matrix product: some rows of x times one panel of W, all sums in registers. Each sum runs over k = 0 … K−1
/// in one register, in every tile alike, so a row's result does not depend on the tile it is computed in.
/// </summary>
internal static unsafe class ProductTiles<T>
    where T : struct, ILane<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(float* x, int depth, float* w, float* y, float* addend)
    {
        int n = T.Count;
        T a0 = T.All(0), a1 = a0, a2 = a0;
        for (int k = 0; k < depth; k++, w += 3 * n)
        {
            T t = T.All(x[k]);
            a0 = T.MultiplyAdd(t, T.Load(w), a0);
            a1 = T.MultiplyAdd(t, T.Load(w + n), a1);
            a2 = T.MultiplyAdd(t, T.Load(w + 2 * n), a2);
        }
        Store(y, addend, a0, a1, a2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(float* x, int stride, int depth, float* w, float* y, int yStride, float* addend, int addendStride, float* ahead, int aheadStep)
    {
        int n = T.Count;
        T z = T.All(0), a0 = z, a1 = z, a2 = z, b0 = z, b1 = z, b2 = z, c0 = z, c1 = z, c2 = z, d0 = z, d1 = z, d2 = z;
        float* xb = x + stride, xc = xb + stride, xd = xc + stride;
        for (int k = 0; k < depth; k++, w += 3 * n, ahead += aheadStep)
        {
            Prefetch.Line(ahead);
            T w0 = T.Load(w), w1 = T.Load(w + n), w2 = T.Load(w + 2 * n);
            T t = T.All(x[k]);
            (a0, a1, a2) = (T.MultiplyAdd(t, w0, a0), T.MultiplyAdd(t, w1, a1), T.MultiplyAdd(t, w2, a2));
            t = T.All(xb[k]);
            (b0, b1, b2) = (T.MultiplyAdd(t, w0, b0), T.MultiplyAdd(t, w1, b1), T.MultiplyAdd(t, w2, b2));
            t = T.All(xc[k]);
            (c0, c1, c2) = (T.MultiplyAdd(t, w0, c0), T.MultiplyAdd(t, w1, c1), T.MultiplyAdd(t, w2, c2));
            t = T.All(xd[k]);
            (d0, d1, d2) = (T.MultiplyAdd(t, w0, d0), T.MultiplyAdd(t, w1, d1), T.MultiplyAdd(t, w2, d2));
        }
        long s = addend is null ? 0 : addendStride;
        Store(y, addend, a0, a1, a2);
        Store(y + yStride, addend + s, b0, b1, b2);
        Store(y + 2L * yStride, addend + 2 * s, c0, c1, c2);
        Store(y + 3L * yStride, addend + 3 * s, d0, d1, d2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Eight(float* x, int stride, int depth, float* w, float* y, int yStride, float* addend, int addendStride, float* ahead, int aheadStep)
    {
        int n = T.Count;
        T z = T.All(0), a0 = z, a1 = z, a2 = z, b0 = z, b1 = z, b2 = z, c0 = z, c1 = z, c2 = z, d0 = z, d1 = z, d2 = z;
        T e0 = z, e1 = z, e2 = z, f0 = z, f1 = z, f2 = z, g0 = z, g1 = z, g2 = z, h0 = z, h1 = z, h2 = z;
        float* xb = x + stride, xc = xb + stride, xd = xc + stride, xe = xd + stride, xf = xe + stride, xg = xf + stride, xh = xg + stride;
        for (int k = 0; k < depth; k++, w += 3 * n, ahead += aheadStep)
        {
            Prefetch.Line(ahead);
            T w0 = T.Load(w), w1 = T.Load(w + n), w2 = T.Load(w + 2 * n);
            T t = T.All(x[k]);
            (a0, a1, a2) = (T.MultiplyAdd(t, w0, a0), T.MultiplyAdd(t, w1, a1), T.MultiplyAdd(t, w2, a2));
            t = T.All(xb[k]);
            (b0, b1, b2) = (T.MultiplyAdd(t, w0, b0), T.MultiplyAdd(t, w1, b1), T.MultiplyAdd(t, w2, b2));
            t = T.All(xc[k]);
            (c0, c1, c2) = (T.MultiplyAdd(t, w0, c0), T.MultiplyAdd(t, w1, c1), T.MultiplyAdd(t, w2, c2));
            t = T.All(xd[k]);
            (d0, d1, d2) = (T.MultiplyAdd(t, w0, d0), T.MultiplyAdd(t, w1, d1), T.MultiplyAdd(t, w2, d2));
            t = T.All(xe[k]);
            (e0, e1, e2) = (T.MultiplyAdd(t, w0, e0), T.MultiplyAdd(t, w1, e1), T.MultiplyAdd(t, w2, e2));
            t = T.All(xf[k]);
            (f0, f1, f2) = (T.MultiplyAdd(t, w0, f0), T.MultiplyAdd(t, w1, f1), T.MultiplyAdd(t, w2, f2));
            t = T.All(xg[k]);
            (g0, g1, g2) = (T.MultiplyAdd(t, w0, g0), T.MultiplyAdd(t, w1, g1), T.MultiplyAdd(t, w2, g2));
            t = T.All(xh[k]);
            (h0, h1, h2) = (T.MultiplyAdd(t, w0, h0), T.MultiplyAdd(t, w1, h1), T.MultiplyAdd(t, w2, h2));
        }
        long s = addend is null ? 0 : addendStride;
        Store(y, addend, a0, a1, a2);
        Store(y + yStride, addend + s, b0, b1, b2);
        Store(y + 2L * yStride, addend + 2 * s, c0, c1, c2);
        Store(y + 3L * yStride, addend + 3 * s, d0, d1, d2);
        Store(y + 4L * yStride, addend + 4 * s, e0, e1, e2);
        Store(y + 5L * yStride, addend + 5 * s, f0, f1, f2);
        Store(y + 6L * yStride, addend + 6 * s, g0, g1, g2);
        Store(y + 7L * yStride, addend + 7 * s, h0, h1, h2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, float* addend, T v0, T v1, T v2)
    {
        int n = T.Count;
        if (addend is not null) (v0, v1, v2) = (T.Add(v0, T.Load(addend)), T.Add(v1, T.Load(addend + n)), T.Add(v2, T.Load(addend + 2 * n)));
        v0.Store(y);
        v1.Store(y + n);
        v2.Store(y + 2 * n);
    }
}
