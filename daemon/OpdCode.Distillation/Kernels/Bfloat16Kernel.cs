using System.Numerics;

namespace OpdCode.Distillation.Kernels;

/// <summary>bfloat16 is the upper half of a float32: widening is a shift, rounding is an addition and a shift.</summary>
internal static unsafe class Bfloat16Kernel
{
    /// <summary>Widens exactly.</summary>
    public static void Widen(ushort* from, float* to, long count)
    {
        int width = Vector<ushort>.Count;
        long i = 0;
        for (; i + width <= count; i += width)
        {
            Vector.Widen(Vector.Load(from + i), out Vector<uint> low, out Vector<uint> high);
            (low << 16).Store((uint*)to + i);
            (high << 16).Store((uint*)to + i + Vector<uint>.Count);
        }
        for (; i < count; i++) to[i] = BitConverter.UInt32BitsToSingle((uint)from[i] << 16);
    }

    /// <summary>Rounds finite numbers to the nearest, ties to even.</summary>
    public static void Nearest(float* from, ushort* to, long count)
    {
        int width = Vector<ushort>.Count, half = Vector<uint>.Count;
        long i = 0;
        for (; i + width <= count; i += width) Vector.Narrow(Nearest(Vector.Load((uint*)from + i)), Nearest(Vector.Load((uint*)from + i + half))).Store(to + i);
        for (; i < count; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(from[i]);
            to[i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
        }
    }

    /// <summary>Takes over numbers that somebody else has set since <paramref name="exact"/> was last rounded to <paramref name="rounded"/>: weights that were averaged, extrapolated or restored.</summary>
    public static void Follow(float* exact, ushort* rounded, long count)
    {
        int width = Vector<ushort>.Count, half = Vector<uint>.Count;
        long i = 0;
        for (; i + width <= count; i += width)
        {
            Vector.Widen(Vector.Load(rounded + i), out Vector<uint> low, out Vector<uint> high);
            Follow((uint*)exact + i, low);
            Follow((uint*)exact + i + half, high);
        }
        for (; i < count; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(exact[i]);
            if ((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) != rounded[i]) exact[i] = BitConverter.UInt32BitsToSingle((uint)rounded[i] << 16);
        }
    }

    private static void Follow(uint* exact, Vector<uint> rounded)
    {
        Vector<uint> bits = Vector.Load(exact);
        Vector.ConditionalSelect(Vector.Equals(Nearest(bits), rounded), bits, rounded << 16).Store(exact);
    }

    /// <summary>
    /// Rounds finite numbers up or down with the probability that makes the mean exact, so that updates smaller than the
    /// last bit are not lost.
    /// </summary>
    /// <param name="from">The numbers.</param>
    /// <param name="to">Receives them.</param>
    /// <param name="count">How many.</param>
    /// <param name="key">Another key draws other random numbers.</param>
    /// <param name="place">The place of the first number among all: the draw is a function of key and place alone.</param>
    public static void Stochastic(float* from, ushort* to, long count, uint key, long place)
    {
        int width = Vector<ushort>.Count, half = Vector<uint>.Count;
        Vector<uint> lane = Vector<uint>.Indices;
        long i = 0;
        for (; i + width <= count; i += width)
        {
            var first = new Vector<uint>((uint)(place + i));
            Vector.Narrow(
                (Vector.Load((uint*)from + i) + (Mixed(first + lane, key) & new Vector<uint>(0xFFFF))) >> 16,
                (Vector.Load((uint*)from + i + half) + (Mixed(first + lane + new Vector<uint>((uint)half), key) & new Vector<uint>(0xFFFF))) >> 16).Store(to + i);
        }
        for (; i < count; i++) to[i] = (ushort)((BitConverter.SingleToUInt32Bits(from[i]) + (Mixed((uint)(place + i), key) & 0xFFFF)) >> 16);
    }

    private static Vector<uint> Nearest(Vector<uint> bits) => (bits + new Vector<uint>(0x7FFF) + ((bits >> 16) & Vector<uint>.One)) >> 16;

    // The finalizer of MurmurHash3 over place and key: every bit of the input reaches every bit of the output.
    private static Vector<uint> Mixed(Vector<uint> place, uint key)
    {
        Vector<uint> x = place * 0x9E3779B1u ^ new Vector<uint>(key);
        x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
        x = (x ^ (x >> 13)) * 0xC2B2AE35u;
        return x ^ (x >> 16);
    }

    private static uint Mixed(uint place, uint key)
    {
        uint x = place * 0x9E3779B1u ^ key;
        x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
        x = (x ^ (x >> 13)) * 0xC2B2AE35u;
        return x ^ (x >> 16);
    }
}
