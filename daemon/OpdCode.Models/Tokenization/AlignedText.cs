using System.Text;
using OpdCode.Protocol;

namespace OpdCode.Models.Tokenization;

/// <summary>
/// A text on its way to the model, each of whose UTF-16 code units knows the bytes of the ORIGINAL text it came from.
/// Both halves of a surrogate pair carry the range of the whole pair.
/// </summary>
internal sealed class AlignedText
{
    private const int LengthLimit = 1 << 28;

    private char[] _text;
    private int[] _starts;
    private int[] _ends;

    public AlignedText(int capacity)
    {
        _text = new char[Math.Max(capacity, 4)];
        _starts = new int[_text.Length];
        _ends = new int[_text.Length];
    }

    public int Length { get; private set; }

    public ReadOnlySpan<char> Text => _text.AsSpan(0, Length);

    public static AlignedText FromOriginal(ReadOnlySpan<char> text)
    {
        var aligned = new AlignedText(text.Length);
        int position = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            // Half of a surrogate pair becomes U+FFFD here, which has the same UTF-16 length.
            aligned.Append(rune, position, position + rune.Utf8SequenceLength);
            position += rune.Utf8SequenceLength;
        }

        return aligned;
    }

    public int ByteStart(int index) => _starts[index];

    public int ByteEnd(int index) => _ends[index];

    public void Append(Rune rune, int byteStart, int byteEnd)
    {
        if (rune.IsBmp)
        {
            Append((char)rune.Value, byteStart, byteEnd);
            return;
        }

        Span<char> pair = stackalloc char[2];
        rune.EncodeToUtf16(pair);
        Append(pair[0], byteStart, byteEnd);
        Append(pair[1], byteStart, byteEnd);
    }

    public void Append(char unit, int byteStart, int byteEnd)
    {
        if (Length == _text.Length)
        {
            // A file may hold normalizers that double a text again and again.
            if (Length >= LengthLimit)
                throw new OpdException(ErrorCodes.TokenizerInvalid, $"tokenizer.json: the text grew beyond {LengthLimit} characters on its way to the model. Encode shorter texts, or use the tokenizer of the original model.");
            Array.Resize(ref _text, Length * 2);
            Array.Resize(ref _starts, Length * 2);
            Array.Resize(ref _ends, Length * 2);
        }

        _text[Length] = unit;
        _starts[Length] = byteStart;
        _ends[Length] = byteEnd;
        Length++;
    }

    /// <summary>Appends text that replaces the given original bytes, which are divided over it in proportion.</summary>
    public void AppendReplacement(ReadOnlySpan<char> replacement, int byteStart, int byteEnd)
    {
        long total = Encoding.UTF8.GetByteCount(replacement);
        long done = 0;
        foreach (Rune rune in replacement.EnumerateRunes())
        {
            int start = byteStart + (int)((byteEnd - byteStart) * done / total);
            done += rune.Utf8SequenceLength;
            Append(rune, start, byteStart + (int)((byteEnd - byteStart) * done / total));
        }
    }

    public void Append(AlignedText source, int start, int length)
    {
        for (int i = start; i < start + length; i++)
            Append(source._text[i], source._starts[i], source._ends[i]);
    }

    public AlignedText Slice(int start, int length)
    {
        if (start == 0 && length == Length)
            return this;
        var slice = new AlignedText(length);
        slice.Append(this, start, length);
        return slice;
    }
}
