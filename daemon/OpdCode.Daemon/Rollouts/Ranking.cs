using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Finds the value at a place of the order without putting everything in order (Hoare's selection).</summary>
internal static class Ranking
{
    private const int Few = 16;

    /// <summary>
    /// The value that stands at a place when they are in order. Afterwards it does, with nothing greater before it and
    /// nothing less behind it.
    /// </summary>
    /// <param name="values">Numbers, none of them NaN; they change places.</param>
    /// <param name="place">0: the least.</param>
    [MethodImpl(Compiled.AtOnce)]
    public static float Select(Span<float> values, int place)
    {
        int low = 0, high = values.Length - 1;
        while (high - low > Few)
        {
            float pivot = Middle(values[low], values[low + ((high - low) / 2)], values[high]);
            int i = low, j = high;
            while (i <= j)
            {
                while (values[i] < pivot) i++;
                while (values[j] > pivot) j--;
                if (i > j) break;
                (values[i], values[j]) = (values[j], values[i]);
                i++;
                j--;
            }
            // What lies between j and i equals the pivot.
            if (place <= j) high = j;
            else if (place >= i) low = i;
            else return values[place];
        }
        values[low..(high + 1)].Sort();
        return values[place];
    }

    private static float Middle(float a, float b, float c) => Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
}
