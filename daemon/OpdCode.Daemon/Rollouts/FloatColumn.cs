using System.Buffers;
using System.Collections;
using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>
/// Numbers of float precision as the wire has them: null where one is not finite. Kept as floats, so that they are
/// spelled with the digits they have, and spelled when they are made, so that several columns can be spelled at one time.
/// </summary>
internal sealed class FloatColumn : IReadOnlyList<double?>
{
    private const int MostBytesOfNumber = 16;
    private readonly ReadOnlyMemory<float> _values;

    /// <summary>A column.</summary>
    /// <param name="values">The values.</param>
    public FloatColumn(ReadOnlyMemory<float> values)
    {
        _values = values;
        Json = Spell(values.Span);
    }

    /// <summary>The array as JSON.</summary>
    public byte[] Json { get; }

    /// <inheritdoc />
    public int Count => _values.Length;

    /// <inheritdoc />
    public double? this[int index] => float.IsFinite(_values.Span[index]) ? _values.Span[index] : null;

    [MethodImpl(Compiled.AtOnce)]
    private static byte[] Spell(ReadOnlySpan<float> values)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent((values.Length * (MostBytesOfNumber + 1)) + 2);
        try
        {
            int at = 0;
            bytes[at++] = (byte)'[';
            foreach (float value in values)
            {
                if (at > 1) bytes[at++] = (byte)',';
                at += Spell(value, bytes.AsSpan(at));
            }
            bytes[at++] = (byte)']';
            return bytes[..at];
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Spell(float value, Span<byte> to)
    {
        // Weights, ranks and masks are mostly small whole numbers, for which nothing has to be searched.
        if (value is >= 0 and < 10 && value == (int)value && !float.IsNegative(value))
        {
            to[0] = (byte)('0' + (int)value);
            return 1;
        }
        if (float.IsFinite(value)) return FloatSpelling.Write(value, to);
        "null"u8.CopyTo(to);
        return 4;
    }

    /// <inheritdoc />
    public IEnumerator<double?> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
