using OpdCode.Protocol;

namespace OpdCode.Recipes.Data;

/// <summary>Walks over the lines of a file as bytes without holding more than one of them.</summary>
internal sealed class LineScanner : IDisposable
{
    /// <summary>The longest line accepted, in bytes: more is not JSON lines but one huge JSON document.</summary>
    public const int LongestLine = 64 << 20;

    private readonly FileStream _file;
    private byte[] _buffer = new byte[1 << 18];
    private int _start, _next, _filled;
    private long _bufferOffset;
    private bool _ended;

    public LineScanner(string path, long from = 0)
    {
        Path = path;
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw e is FileNotFoundException or DirectoryNotFoundException
                ? new OpdException(ErrorCodes.FileNotFound, $"There is no data file {path}. Paths in a recipe are relative to the recipe.", e)
                : new OpdException(ErrorCodes.FileNotAccessible, $"The data file {path} cannot be read: {e.Message}", e);
        }
        _file.Position = from;
        _bufferOffset = from;
    }

    public string Path { get; }

    /// <summary>Number of the current line, counted from 1 at the place where scanning began.</summary>
    public int Line { get; private set; }

    /// <summary>Offset of the current line's first byte in the file.</summary>
    public long Offset => _bufferOffset + _start;

    /// <summary>Offset of the byte after the current line's end.</summary>
    public long NextOffset => _bufferOffset + _next;

    /// <summary>The current line without its end and, on the first line, without a byte order mark.</summary>
    public ReadOnlySpan<byte> Current
    {
        get
        {
            ReadOnlySpan<byte> line = _buffer.AsSpan(_start, _next - _start);
            if (line.EndsWith("\n"u8)) line = line[..^1];
            if (line.EndsWith("\r"u8)) line = line[..^1];
            return Offset == 0 && line.StartsWith("\uFEFF"u8) ? line[3..] : line;
        }
    }

    /// <summary>Moves to the next line; false after the last.</summary>
    public bool MoveNext()
    {
        _start = _next;
        int searched = _start;
        while (true)
        {
            int end = _buffer.AsSpan(searched, _filled - searched).IndexOf((byte)'\n');
            if (end >= 0)
            {
                _next = searched + end + 1;
                Line++;
                return true;
            }
            if (_ended)
            {
                _next = _filled;
                if (_next == _start) return false;
                Line++;
                return true;
            }
            int length = _filled - _start;
            Fill();
            searched = _start + length;
        }
    }

    public void Dispose() => _file.Dispose();

    private void Fill()
    {
        int length = _filled - _start;
        if (length > LongestLine)
            throw new OpdException(ErrorCodes.DataLineInvalid,
                $"{Path}, line {Line + 1}: the line is longer than {LongestLine >> 20} MB. JSON lines hold one example on each line; a single JSON list must be converted first.");
        byte[] target = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, length).CopyTo(target);
        _buffer = target;
        _bufferOffset += _start;
        _start = 0;
        _next = 0;
        int read = _file.Read(_buffer, length, _buffer.Length - length);
        _filled = length + read;
        _ended = read == 0;
    }
}
