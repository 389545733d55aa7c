using System.Text;

namespace OpdCode.Daemon.Serving;

/// <summary>
/// Cuts what a client sends into messages: <c>Content-Length: N</c>, an empty line, N bytes. Whatever is not that is told
/// and passed over, and reading goes on at the next header, so one bad frame costs one frame.
/// </summary>
/// <remarks>
/// The next header can be found because it cannot be part of a message: JSON has no line end inside of a string. So a
/// header inside of what was announced as a message proves that the announced length was wrong, however large it was,
/// and no more than <see cref="MostBytes"/> is ever kept.
/// </remarks>
/// <param name="fromClient">The bytes.</param>
/// <param name="mostBytes">The largest message taken, see <see cref="MostBytes"/>.</param>
internal sealed class FrameReader(Stream fromClient, int mostBytes = FrameReader.MostBytes)
{
    /// <summary>The largest message taken: 4 MiB. A text of 32,768 tokens takes a sixth of it; parsed, the worst message takes a hundred times its bytes.</summary>
    public const int MostBytes = 4 * 1024 * 1024;

    private const int MostHeaderBytes = 1024, FirstBuffer = 64 * 1024;
    private static readonly byte[] s_name = "Content-Length:"u8.ToArray(), s_type = "Content-Type:"u8.ToArray(), s_lineEnd = "\r\n"u8.ToArray(), s_headerEnd = "\r\n\r\n"u8.ToArray();

    private byte[] _buffer = new byte[FirstBuffer];
    private int _start, _end;
    private bool _isInGarbage; // told already
    private int _bodyLength = -1; // -1: a header is expected
    private int _searched; // bytes of the body in which no header begins

    /// <summary>The next message, or what is wrong with what stands in its place.</summary>
    /// <returns>The message's bytes, or a sentence; both null at the end of the stream.</returns>
    public async ValueTask<(byte[]? Message, string? Problem)> Read(CancellationToken cancel)
    {
        while (true)
        {
            if (Next(out byte[]? message, out string? problem)) return (message, problem);
            if (_end == _buffer.Length) MakeRoom();
            int read = await fromClient.ReadAsync(_buffer.AsMemory(_end), cancel);
            if (read == 0) return (null, null);
            _end += read;
        }
    }

    private Span<byte> Held => _buffer.AsSpan(_start, _end - _start);

    // False: more bytes are needed.
    private bool Next(out byte[]? message, out string? problem)
    {
        message = null;
        problem = null;
        while (true)
        {
            if (_bodyLength >= 0) return TakeBody(out message, out problem);
            int at = Held.IndexOf(s_name);
            int before = at >= 0 ? at : Math.Max(0, Held.Length - (s_name.Length - 1));
            bool isGarbage = !_isInGarbage && IsGarbage(Held[..before], isWhole: at >= 0);
            // A type before the length belongs to the header; without its length it may still be coming.
            if (at < 0 && !isGarbage && !_isInGarbage && Held.Length <= MostHeaderBytes) return false;
            _start += before;
            if (isGarbage)
            {
                _isInGarbage = true;
                problem = "Bytes outside of any message were passed over. Every message begins with Content-Length: N and an empty line.";
                return true;
            }
            if (at < 0) return false;
            int length = HeaderLength(out problem);
            if (length == 0) return false;
            _start += length;
            _isInGarbage = problem is not null;
            if (problem is not null) return true;
        }
    }

    // Length of the header at the start; 0 when it is not whole yet. Sets _bodyLength, or tells the problem.
    private int HeaderLength(out string? problem)
    {
        problem = null;
        int end = Held[..Math.Min(Held.Length, MostHeaderBytes)].IndexOf(s_headerEnd);
        int next = Held[s_name.Length..].IndexOf(s_name);
        if (next >= 0 && (end < 0 || next + s_name.Length < end))
        {
            problem = "A header ends in another header; it was passed over.";
            return next + s_name.Length;
        }
        if (end < 0)
        {
            if (Held.Length < MostHeaderBytes) return 0;
            problem = $"A header has no end within {MostHeaderBytes} bytes; it was passed over.";
            return s_name.Length;
        }
        string[] lines = Encoding.Latin1.GetString(Held[s_name.Length..end]).Split("\r\n");
        string number = lines[0].Trim();
        string? type = lines.Skip(1).FirstOrDefault(l => l.Contains("charset", StringComparison.OrdinalIgnoreCase));
        if (number.Length is 0 or > 20 || !number.All(char.IsAsciiDigit)) problem = $"Content-Length is \"{(number.Length > 40 ? number[..40] : number)}\"; a number of bytes is expected.";
        else if (!long.TryParse(number, out long bytes) || bytes > mostBytes) problem = $"Content-Length is {number}; a message may have {mostBytes} bytes. It was passed over.";
        else if (type is not null && !type.Contains("utf-8", StringComparison.OrdinalIgnoreCase) && !type.Contains("utf8", StringComparison.OrdinalIgnoreCase)) problem = $"\"{type.Trim()}\": messages are UTF-8.";
        else (_bodyLength, _searched) = ((int)bytes, 0);
        return end + s_headerEnd.Length;
    }

    private bool TakeBody(out byte[]? message, out string? problem)
    {
        message = null;
        problem = null;
        int header = HeaderInside(out bool mayBegin);
        if (header >= 0)
        {
            problem = $"A message of {_bodyLength} bytes was announced and {header} came; they were passed over.";
            _start += header;
            (_bodyLength, _isInGarbage) = (-1, false);
            return true;
        }
        if (mayBegin || Held.Length < _bodyLength) return false;
        message = Held[.._bodyLength].ToArray();
        _start += _bodyLength;
        _bodyLength = -1;
        if (_start == _end) (_start, _end) = (0, 0);
        if (_buffer.Length > FirstBuffer && Held.Length < FirstBuffer) Shrink();
        return true;
    }

    // Where a header begins in the body; -1: nowhere so far, or perhaps at the last bytes that have come.
    private int HeaderInside(out bool mayBegin)
    {
        ReadOnlySpan<byte> held = Held;
        int end = Math.Min(held.Length, _bodyLength);
        mayBegin = false;
        while (_searched < end)
        {
            int next = held[_searched..end].IndexOf(s_name[0]);
            if (next < 0)
            {
                _searched = end;
                return -1;
            }
            _searched += next;
            bool? isHeader = IsHeader(held[_searched..]);
            if (isHeader == true) return _searched;
            if (isHeader is null)
            {
                mayBegin = true;
                return -1;
            }
            _searched++;
        }
        return -1;
    }

    // Null: more bytes are needed to tell.
    private static bool? IsHeader(ReadOnlySpan<byte> bytes)
    {
        int common = Math.Min(bytes.Length, s_name.Length);
        if (!bytes[..common].SequenceEqual(s_name.AsSpan(0, common))) return false;
        int at = common;
        while (at < bytes.Length && at < s_name.Length + 24 && bytes[at] is (byte)' ' or >= (byte)'0' and <= (byte)'9') at++;
        common = Math.Min(bytes.Length - at, s_lineEnd.Length);
        return !bytes.Slice(at, common).SequenceEqual(s_lineEnd.AsSpan(0, common)) ? false : common == s_lineEnd.Length ? true : null;
    }

    private static bool IsGarbage(ReadOnlySpan<byte> bytes, bool isWhole)
    {
        ReadOnlySpan<byte> text = bytes.Trim(" \t\r\n"u8);
        if (text.IsEmpty) return false;
        if (text.Length > MostHeaderBytes) return true;
        bool isType = text.Length < s_type.Length && !isWhole ? s_type.AsSpan().StartsWith(text) : text.StartsWith(s_type);
        return !isType || text.IndexOf(s_headerEnd) >= 0;
    }

    private void MakeRoom()
    {
        int held = Held.Length;
        byte[] to = _start > _buffer.Length / 2 ? _buffer : new byte[Math.Min(Math.Max(_buffer.Length * 2, FirstBuffer), mostBytes + FirstBuffer + MostHeaderBytes)];
        if (to.Length <= held) throw new InvalidOperationException("the buffer holds more than a message");
        Held.CopyTo(to);
        (_buffer, _start, _end) = (to, 0, held);
    }

    private void Shrink()
    {
        byte[] small = new byte[FirstBuffer];
        Held.CopyTo(small);
        (_end, _start, _buffer) = (Held.Length, 0, small);
    }
}
