using System.Buffers;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// Holds one message on its way out, in parts, and refuses to become larger than one may be. A single array that doubles
/// would touch three times the memory, which for a first list of runs takes longer than writing it.
/// </summary>
/// <param name="most">The largest message, bytes.</param>
internal sealed class AnswerBuffer(int most) : IBufferWriter<byte>
{
    private const int FirstPart = 16 * 1024, NextPart = 1024 * 1024;
    private readonly List<ReadOnlyMemory<byte>> _full = []; // parts of the message, but the last
    private readonly List<byte[]> _rented = [];
    private readonly byte[] _first = new byte[FirstPart];
    private byte[]? _next; // what the message goes on in; null: still in the first
    private int _used;
    private int _before; // bytes in full parts

    /// <summary>Bytes written since the last <see cref="Clear"/>.</summary>
    public int Length => _before + _used;

    /// <summary>The message's parts in their order.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Parts => _full.Append(Current.AsMemory(0, _used));

    private byte[] Current => _next ?? _first;

    /// <summary>Begins the next message.</summary>
    public void Clear()
    {
        foreach (byte[] part in _rented) ArrayPool<byte>.Shared.Return(part);
        _rented.Clear();
        _full.Clear();
        (_next, _used, _before) = (null, 0, 0);
    }

    /// <inheritdoc />
    public void Advance(int count)
    {
        if (count < 0 || count > Current.Length - _used) throw new ArgumentOutOfRangeException(nameof(count), count, "more than there was room for");
        _used += count;
    }

    /// <inheritdoc />
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (Length + (long)sizeHint > most) throw new AnswerTooLargeException(most);
        if (Current.Length - _used < Math.Max(1, sizeHint)) GoOn(sizeHint);
        return Current.AsMemory(_used);
    }

    /// <inheritdoc />
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private void GoOn(int sizeHint)
    {
        if (_used > 0) _full.Add(Current.AsMemory(0, _used));
        _before += _used;
        _used = 0;
        _rented.Add(_next = ArrayPool<byte>.Shared.Rent(Math.Max(NextPart, sizeHint)));
    }
}
