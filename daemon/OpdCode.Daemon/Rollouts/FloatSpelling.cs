using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>
/// Floats with as few digits as give the same float back. The runtime's own search for them takes 75 ns a number, and a
/// page of token feedback has 74,000: numbers of usual size are tried with six to nine digits instead, and
/// whatever is not found that way is left to the runtime.
/// </summary>
internal static class FloatSpelling
{
    private const double Least = 1e-4, Most = 1e6;
    private const int FewestDigits = 6, MostDigits = 9; // six digits are always a number of their own, nine always suffice

    // How far the decimal must be from the border between two floats, relative: far more than its own rounding to double.
    private const double Margin = 1e-14;

    private static ReadOnlySpan<double> Powers => [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13];

    /// <summary>Writes a finite number as JSON.</summary>
    /// <param name="value">The number.</param>
    /// <param name="to">At least 16 bytes.</param>
    /// <returns>Bytes written.</returns>
    [MethodImpl(Compiled.AtOnce)]
    public static int Write(float value, Span<byte> to)
    {
        double size = Math.Abs((double)value);
        if (size is >= Least and < Most)
        {
            // Everything between the middles to the next float on either side is read as this one.
            int bits = BitConverter.SingleToInt32Bits((float)size);
            double above = ((BitConverter.Int32BitsToSingle(bits + 1) - size) / 2) - (size * Margin), below = ((size - BitConverter.Int32BitsToSingle(bits - 1)) / 2) - (size * Margin);
            int decimals = DecimalsOf(size, FewestDigits);
            for (int digits = FewestDigits; digits <= MostDigits; digits++, decimals++)
            {
                double power = Powers[decimals], scaled = size * power, whole = Math.Round(scaled), over = whole - scaled;
                if (over < above * power && -over < below * power) return Digits((long)whole, decimals, float.IsNegative(value), to);
            }
        }
        return Utf8Formatter.TryFormat(value, to, out int written) ? written : throw new InvalidOperationException("a number has more digits than a float can have");
    }

    // Digits behind the point that make so many from the first that is not 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int DecimalsOf(double size, int digits)
    {
        int decimals = digits - 1;
        for (double least = 10; size >= least; least *= 10) decimals--;
        for (double most = 1; size < most && decimals < Powers.Length - 1 - (MostDigits - FewestDigits); most /= 10) decimals++;
        return decimals;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Digits(long whole, int decimals, bool isNegative, Span<byte> to)
    {
        int at = 0;
        if (isNegative) to[at++] = (byte)'-';
        while (decimals > 0 && whole % 10 == 0) (whole, decimals) = (whole / 10, decimals - 1);
        (long before, long behind) = Math.DivRem(whole, (long)Powers[decimals]);
        if (before < 10)
        {
            to[at++] = (byte)('0' + before);
        }
        else
        {
            Utf8Formatter.TryFormat(before, to[at..], out int written);
            at += written;
        }
        if (decimals == 0) return at;
        to[at++] = (byte)'.';
        uint rest = (uint)behind; // nine digits at most
        int i = at + decimals - 1;
        for (; i > at; i -= 2)
        {
            (rest, uint two) = Math.DivRem(rest, 100);
            to[i] = (byte)('0' + (two % 10));
            to[i - 1] = (byte)('0' + (two / 10));
        }
        if (i == at) to[at] = (byte)('0' + rest);
        return at + decimals;
    }
}
