namespace OpdCode.Models.Generation;

/// <summary>
/// Random numbers as a pure function of (seed, stream, position): no state to save, and a sequence draws the same
/// numbers whatever the batch around it. SplitMix64's finaliser (Steele, Lea, Flood 2014) over a mixed key.
/// </summary>
public static class CounterRandom
{
    /// <summary>64 well-mixed bits.</summary>
    public static ulong Bits(long seed, long stream, long position) =>
        Mix(Mix(Mix(unchecked((ulong)seed)) ^ unchecked((ulong)stream)) ^ unchecked((ulong)position));

    /// <summary>Uniform in [0, 1), with 53 bits.</summary>
    public static double Uniform(long seed, long stream, long position) => (Bits(seed, stream, position) >> 11) * (1.0 / (1UL << 53));

    /// <summary>A permutation of 0 … count−1 (Fisher–Yates).</summary>
    public static int[] Permutation(int count, long seed, long stream)
    {
        int[] order = Enumerable.Range(0, count).ToArray();
        for (int i = count - 1; i > 0; i--)
        {
            int j = (int)(Uniform(seed, stream, i) * (i + 1));
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }

    private static ulong Mix(ulong x)
    {
        unchecked
        {
            x += 0x9E3779B97F4A7C15UL;
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
            return x ^ (x >> 31);
        }
    }
}
