namespace OpdCode.Daemon.Serving;

/// <summary>
/// Remembers the end of what was read of a file that grows, to know it again: a run that goes back to a checkpoint cuts
/// its files and goes on writing, and then what was read before is not what stands there now.
/// </summary>
internal sealed class FileTail
{
    private const int Most = 4096;
    private byte[] _bytes = [];

    /// <summary>Bytes read so far.</summary>
    public long Length { get; private set; }

    /// <summary>Whether the file still begins with what was read.</summary>
    public bool IsIn(FileStream stream)
    {
        if (stream.Length < Length) return false;
        byte[] now = new byte[_bytes.Length];
        stream.Position = Length - now.Length;
        stream.ReadExactly(now);
        return now.AsSpan().SequenceEqual(_bytes);
    }

    /// <summary>Takes bytes that follow those read before.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        byte[] both = bytes.Length >= Most ? [] : _bytes;
        both = [.. both, .. bytes.Length > Most ? bytes[^Most..] : bytes];
        _bytes = both.Length > Most ? both[^Most..] : both;
    }

    /// <summary>Goes on behind what was read at another time; what stands there now is taken for that.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="length">Bytes that were read.</param>
    /// <returns>False when the file is shorter.</returns>
    public bool TakeUp(FileStream stream, long length)
    {
        if (stream.Length < length) return false;
        _bytes = new byte[Math.Min(length, Most)];
        stream.Position = length - _bytes.Length;
        stream.ReadExactly(_bytes);
        Length = length;
        return true;
    }

    /// <summary>Forgets the file.</summary>
    public void Clear() => (_bytes, Length) = ([], 0);
}
