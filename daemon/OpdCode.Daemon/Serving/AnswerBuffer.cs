using System.Buffers;

namespace OpdCode.Daemon.Serving;

/// <summary>Holds one message on its way out, and refuses to become larger than one may be.</summary>
/// <param name="most">The largest message, bytes.</param>
internal sealed class AnswerBuffer(int most) : IBufferWriter<byte>
{
    private const int MostKept = 16 * 1024 * 1024;
    private ArrayBufferWriter<byte> _bytes = new();

    /// <summary>What was written since the last <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    /// <summary>Begins the next message; the memory of a very large one is given back.</summary>
    public void Clear()
    {
        if (_bytes.Capacity > MostKept) _bytes = new ArrayBufferWriter<byte>();
        else _bytes.ResetWrittenCount();
    }

    /// <inheritdoc />
    public void Advance(int count) => _bytes.Advance(count);

    /// <inheritdoc />
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Check(sizeHint);
        return _bytes.GetMemory(sizeHint);
    }

    /// <inheritdoc />
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Check(sizeHint);
        return _bytes.GetSpan(sizeHint);
    }

    private void Check(int more)
    {
        if (_bytes.WrittenCount + (long)more > most) throw new AnswerTooLargeException(most);
    }
}
