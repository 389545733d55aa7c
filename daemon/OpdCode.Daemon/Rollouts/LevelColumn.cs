using System.Collections;
using System.Runtime.CompilerServices;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Levels of the colour scale as the wire has them, spelled when they are made like <see cref="FloatColumn"/>.</summary>
internal sealed class LevelColumn : IReadOnlyList<int>
{
    private readonly ReadOnlyMemory<sbyte> _levels;

    /// <summary>A column.</summary>
    /// <param name="levels">−9 to 9.</param>
    public LevelColumn(ReadOnlyMemory<sbyte> levels)
    {
        _levels = levels;
        Json = Spell(levels.Span);
    }

    /// <summary>The array as JSON.</summary>
    public byte[] Json { get; }

    /// <inheritdoc />
    public int Count => _levels.Length;

    /// <inheritdoc />
    public int this[int index] => _levels.Span[index];

    [MethodImpl(Compiled.AtOnce)]
    private static byte[] Spell(ReadOnlySpan<sbyte> levels)
    {
        if (levels.IsEmpty) return "[]"u8.ToArray();
        int negative = 0;
        foreach (sbyte level in levels) negative += (byte)level >> 7;
        byte[] bytes = GC.AllocateUninitializedArray<byte>((2 * levels.Length) + negative + 1);
        int at = 0;
        foreach (sbyte level in levels)
        {
            // Signs come as they like: one that is written and written over costs less than one that is guessed wrong.
            int isNegative = (byte)level >> 7;
            bytes[at] = (byte)',';
            bytes[at + 1] = (byte)'-';
            bytes[at + 1 + isNegative] = (byte)('0' + ((level ^ -isNegative) + isNegative));
            at += 2 + isNegative;
        }
        bytes[0] = (byte)'[';
        bytes[at] = (byte)']';
        return bytes;
    }

    /// <inheritdoc />
    public IEnumerator<int> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
