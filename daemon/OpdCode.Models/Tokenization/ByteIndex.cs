using System.Text;

namespace OpdCode.Models.Tokenization;

/// <summary>From places in the UTF-8 form of a text to places in its UTF-16 form.</summary>
internal sealed class ByteIndex
{
    private readonly int[]? _charOfByte; // null: all ASCII, both count alike
    private readonly string _text;

    public ByteIndex(string text)
    {
        _text = text;
        ByteCount = Encoding.UTF8.GetByteCount(text);
        if (ByteCount == text.Length)
            return;
        _charOfByte = new int[ByteCount + 1];
        int position = 0;
        int index = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            _charOfByte.AsSpan(position, rune.Utf8SequenceLength).Fill(index);
            position += rune.Utf8SequenceLength;
            index += rune.Utf16SequenceLength;
        }

        _charOfByte[position] = index;
    }

    public int ByteCount { get; }

    /// <summary>The span with every character that the bytes touch.</summary>
    public TokenSpan Span(int byteStart, int byteEnd)
    {
        if (_charOfByte is null)
            return new TokenSpan(byteStart, byteEnd, byteStart, byteEnd);
        int charStart = _charOfByte[byteStart];
        if (byteEnd == byteStart)
            return new TokenSpan(byteStart, byteEnd, charStart, charStart);
        int last = _charOfByte[byteEnd - 1];
        bool pair = char.IsHighSurrogate(_text[last]) && last + 1 < _text.Length && char.IsLowSurrogate(_text[last + 1]);
        return new TokenSpan(byteStart, byteEnd, charStart, last + (pair ? 2 : 1));
    }
}
