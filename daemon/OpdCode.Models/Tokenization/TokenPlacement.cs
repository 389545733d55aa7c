using System.Text;
using OpdCode.Models.Tokenization.Bpe;

namespace OpdCode.Models.Tokenization;

/// <summary>From places in a piece, counted in its own UTF-8 bytes, to bytes of the original text.</summary>
internal ref struct TokenPlacement(TextPiece piece)
{
    private readonly ReadOnlySpan<char> _text = piece.Text;
    private int _index;    // UTF-16 position of the character we are at
    private int _position; // and its position in bytes

    public (int Start, int End) Locate(BpeToken token)
    {
        (int index, int within, int length) = Character(token.Start);
        int start = Part(index, within, length);
        (index, within, length) = Character(token.Start + token.Length - 1);
        return (start, Part(index, within + 1, length));
    }

    private (int Index, int Within, int Length) Character(int position)
    {
        if (position < _position)
            (_index, _position) = (0, 0);
        while (true)
        {
            Rune.DecodeFromUtf16(_text[_index..], out Rune rune, out int units);
            if (position < _position + rune.Utf8SequenceLength)
                return (_index, position - _position, rune.Utf8SequenceLength);
            _position += rune.Utf8SequenceLength;
            _index += units;
        }
    }

    private readonly int Part(int index, int within, int length)
    {
        long from = piece.Source.ByteStart(piece.Start + index);
        long to = piece.Source.ByteEnd(piece.Start + index);
        return (int)(from + ((to - from) * within / length));
    }
}
