using System.Collections;
using OpdCode.Protocol;

namespace OpdCode.Daemon.Catalogue;

/// <summary>A page of a list: runs that are read when somebody looks at one, and copied as they are spelled when not.</summary>
/// <param name="entries">The runs.</param>
internal sealed class RunRows(IReadOnlyList<CatalogueEntry> entries) : IReadOnlyList<Run>
{
    /// <inheritdoc />
    public int Count => entries.Count;

    /// <inheritdoc />
    public Run this[int index] => entries[index].Run;

    /// <summary>One of them as UTF-8 JSON.</summary>
    public ReadOnlySpan<byte> Json(int index) => entries[index].Json.Span;

    /// <inheritdoc />
    public IEnumerator<Run> GetEnumerator() => entries.Select(e => e.Run).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
