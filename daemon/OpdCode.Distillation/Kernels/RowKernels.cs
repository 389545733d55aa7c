using System.Runtime.CompilerServices;
using OpdCode.Models.Vectors;

namespace OpdCode.Distillation.Kernels;

/// <summary>The passes over registers of one width.</summary>
/// <remarks>
/// Sums are kept in float32 lanes for a segment of 256 terms a lane and added up in double precision, so that their error
/// stays at the rounding of a term whatever the vocabulary. What is left over at a row's end is computed in a register
/// filled up with −∞, exactly like the rest.
/// </remarks>
internal sealed unsafe class RowKernels<T> : IRowKernels
    where T : struct, ILane<T>
{
    private const MethodImplOptions Optimized = MethodImplOptions.AggressiveOptimization;

    private const int VectorsInSegment = 256;

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public RowStatistics Statistics(float* logits, long count, float scale)
    {
        float largest = float.NegativeInfinity;
        double sum = 0, crossed = 0;
        long vectors = count / T.Count;
        for (long first = 0; first < vectors; first += VectorsInSegment)
            Join(logits + first * T.Count, (int)Math.Min(VectorsInSegment, vectors - first), scale, ref largest, ref sum, ref crossed);
        if (count % T.Count != 0)
        {
            float* rest = stackalloc float[T.Count];
            Rest(logits, count, rest);
            Join(rest, 1, scale, ref largest, ref sum, ref crossed);
        }
        double logSum = Math.Log(sum);
        return new RowStatistics(scale, largest, logSum, logSum - crossed / sum);
    }

    // A segment lies in the nearest cache when its sum is taken, so that a row is read from memory once. NaN must not
    // vanish: it makes `largest` NaN, and with it everything of the row, as it does in tensor operations.
    [MethodImpl(Optimized)]
    private static void Join(float* x, int vectors, float scale, ref float largest, ref double sum, ref double crossed)
    {
        T factor = T.All(scale), most = T.Multiply(T.Load(x), factor);
        for (int i = 1; i < vectors; i++) most = T.Max(most, T.Multiply(T.Load(x + i * T.Count), factor));
        float* lanes = stackalloc float[T.Count];
        most.Store(lanes);
        float found = lanes[0];
        for (int lane = 1; lane < T.Count; lane++) found = MathF.Max(found, lanes[lane]);
        if (!(found <= largest))
        {
            // Σ e^(x−m)·(x−m) and Σ e^(x−m) seen from the new largest m.
            double shift = found - largest, shrink = Math.Exp(-shift);
            (crossed, sum) = sum == 0 ? (0, 0) : (shrink * (crossed - shift * sum), shrink * sum);
            largest = found;
        }
        if (float.IsNegativeInfinity(largest)) return; // nothing but impossible outcomes so far
        T minus = T.All(largest), floor = T.All(RowStatistics.LogFloor), sums = T.All(0), products = sums;
        for (int i = 0; i < vectors; i++)
        {
            T v = T.Max(T.Subtract(T.Multiply(T.Load(x + i * T.Count), factor), minus), floor), e = T.Exp(v);
            sums = T.Add(sums, e);
            products = T.MultiplyAdd(e, v, products);
        }
        sum += Total(sums);
        crossed += Total(products);
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public void Distribution(float* logits, long count, RowStatistics statistics, float* log, float* probability)
    {
        var side = new Side(statistics);
        long i = 0;
        for (; i + T.Count <= count; i += T.Count)
        {
            side.At(logits + i, out T logs, out T probabilities);
            logs.Store(log + i);
            probabilities.Store(probability + i);
        }
        if (i == count) return;
        float* rest = stackalloc float[2 * T.Count];
        Rest(logits, count, rest);
        side.At(rest, out T lastLogs, out T last);
        lastLogs.Store(rest);
        last.Store(rest + T.Count);
        for (int lane = 0; i < count; i++, lane++) (log[i], probability[i]) = (rest[lane], rest[T.Count + lane]);
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public double Divergence<TFormula>(TFormula formula, float* student, RowStatistics s, float* teacher, RowStatistics t, long count, bool withGradient)
        where TFormula : struct, IDivergenceFormula
    {
        Side studentSide = new(s), teacherSide = new(t);
        double value = 0, slopes = 0;
        long vectors = count / T.Count;
        for (long first = 0; first < vectors; first += VectorsInSegment)
        {
            long at = first * T.Count;
            Sum(formula, student + at, studentSide, teacher + at, teacherSide, (int)Math.Min(VectorsInSegment, vectors - first), ref value, ref slopes);
        }
        float* rest = stackalloc float[2 * T.Count];
        long left = count - vectors * T.Count;
        if (left != 0)
        {
            Rest(student, count, rest);
            Rest(teacher, count, rest + T.Count);
            Sum(formula, rest, studentSide, rest + T.Count, teacherSide, 1, ref value, ref slopes);
        }
        if (!withGradient) return value;
        Gradient(formula, student, studentSide, teacher, teacherSide, vectors, (float)slopes);
        if (left == 0) return value;
        Gradient(formula, rest, studentSide, rest + T.Count, teacherSide, 1, (float)slopes);
        for (int lane = 0; lane < left; lane++) student[vectors * T.Count + lane] = rest[lane];
        return value;
    }

    [MethodImpl(Optimized)]
    private static void Sum<TFormula>(TFormula formula, float* student, Side s, float* teacher, Side t, int vectors, ref double value, ref double slopes)
        where TFormula : struct, IDivergenceFormula
    {
        T values = T.All(0), sums = values;
        for (int i = 0; i < vectors; i++)
        {
            s.At(student + i * T.Count, out T logS, out T pS);
            t.At(teacher + i * T.Count, out T logT, out T pT);
            formula.At(logS, pS, logT, pT, out T term, out T slope);
            values = T.Add(values, term);
            sums = T.Add(sums, slope);
        }
        value += Total(values);
        slopes += Total(sums);
    }

    // d D / d z = slope − S · Σ slope, because log S = z − logsumexp(z).
    [MethodImpl(Optimized)]
    private static void Gradient<TFormula>(TFormula formula, float* student, Side s, float* teacher, Side t, long vectors, float slopes)
        where TFormula : struct, IDivergenceFormula
    {
        T minusSum = T.All(-slopes);
        for (long i = 0; i < vectors; i++)
        {
            s.At(student + i * T.Count, out T logS, out T pS);
            t.At(teacher + i * T.Count, out T logT, out T pT);
            formula.At(logS, pS, logT, pT, out _, out T slope);
            T.MultiplyAdd(pS, minusSum, slope).Store(student + i * T.Count);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(Optimized)]
    public void Largest(float* row, long count, int k, long* places)
    {
        float* kept = stackalloc float[k];
        new Span<float>(kept, k).Fill(float.NegativeInfinity);
        long at = 0;
        for (; at + T.Count <= count; at += T.Count)
        {
            if (!T.IsAnyAbove(T.Load(row + at), kept[k - 1])) continue;
            for (int lane = 0; lane < T.Count; lane++) Keep(row[at + lane], at + lane, kept, places, k);
        }
        for (; at < count; at++) Keep(row[at], at, kept, places, k);
        int found = k;
        while (found > 0 && float.IsNegativeInfinity(kept[found - 1])) found--;
        // Fewer than k are above −∞: the first of the others follow, each once.
        for (long place = 0; found < k; place++)
        {
            if (new ReadOnlySpan<long>(places, found).IndexOf(place) < 0) places[found++] = place;
        }
    }

    private static void Keep(float value, long place, float* kept, long* places, int k)
    {
        if (!(value > kept[k - 1])) return;
        int i = k - 1;
        for (; i > 0 && kept[i - 1] < value; i--) (kept[i], places[i]) = (kept[i - 1], places[i - 1]);
        (kept[i], places[i]) = (value, place);
    }

    // The last outcomes of a row, filled up with impossible ones.
    private static void Rest(float* row, long count, float* rest)
    {
        int left = (int)(count % T.Count);
        for (int lane = 0; lane < T.Count; lane++) rest[lane] = lane < left ? row[count - left + lane] : float.NegativeInfinity;
    }

    private static double Total(T lanes)
    {
        float* values = stackalloc float[T.Count];
        lanes.Store(values);
        double sum = 0;
        for (int lane = 0; lane < T.Count; lane++) sum += values[lane];
        return sum;
    }

    // Logits of one model as logarithms and probabilities.
    private readonly struct Side(RowStatistics statistics)
    {
        private readonly T _scale = T.All(statistics.Scale), _largest = T.All(statistics.Largest), _floor = T.All(RowStatistics.LogFloor);
        private readonly T _logSum = T.All((float)statistics.LogSum), _perSum = T.All((float)Math.Exp(-statistics.LogSum));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void At(float* logits, out T log, out T probability)
        {
            T x = T.Max(T.Subtract(T.Multiply(T.Load(logits), _scale), _largest), _floor);
            log = T.Subtract(x, _logSum);
            probability = T.Multiply(T.Exp(x), _perSum);
        }
    }
}
