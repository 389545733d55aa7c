namespace OpdCode.Daemon.Catalogue;

/// <summary>Reads what was appended to a file of lines since the last time. A line without its end waits for it.</summary>
internal sealed class LineTail(string path)
{
    private byte[] _buffer = new byte[16 * 1024];

    /// <summary>Gets one line without its end.</summary>
    public delegate void LineReader(ReadOnlySpan<byte> line);

    /// <summary>Where the next line begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Begins again at the start of the file, or at the first line that begins after a place.</summary>
    public void GoTo(long offset) => Offset = offset;

    /// <summary>Whether the file is shorter than what was read: it was cut, and must be read anew.</summary>
    public bool WasCut => Offset > 0 && Length() < Offset;

    /// <summary>Bytes of the file; 0 when there is none.</summary>
    public long Length()
    {
        var file = new FileInfo(path);
        return file.Exists ? file.Length : 0;
    }

    /// <summary>Hands on all whole lines that are new.</summary>
    public void Read(LineReader line)
    {
        if (Length() <= Offset) return;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        stream.Position = Offset;
        int held = 0;
        while (true)
        {
            if (held == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
            int read = stream.Read(_buffer, held, _buffer.Length - held);
            if (read == 0) return;
            held += read;
            int start = 0;
            for (int end; (end = _buffer.AsSpan(start, held - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
                if (end > 0) line(_buffer.AsSpan(start, end));
            Offset += start;
            Buffer.BlockCopy(_buffer, start, _buffer, 0, held - start);
            held -= start;
        }
    }
}
