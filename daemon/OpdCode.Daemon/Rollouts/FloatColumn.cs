using System.Collections;

namespace OpdCode.Daemon.Rollouts;

/// <summary>Numbers of float precision as the wire has them: null where one is not finite. Kept as floats, so that they are spelled with the digits they have.</summary>
/// <param name="values">The values.</param>
internal sealed class FloatColumn(ReadOnlyMemory<float> values) : IReadOnlyList<double?>
{
    /// <summary>The values.</summary>
    public ReadOnlySpan<float> Floats => values.Span;

    /// <inheritdoc />
    public int Count => values.Length;

    /// <inheritdoc />
    public double? this[int index] => float.IsFinite(values.Span[index]) ? values.Span[index] : null;

    /// <inheritdoc />
    public IEnumerator<double?> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
