using System.Text;
using OpdCode.Models.Tokenization.Patterns;

namespace OpdCode.Models.Tokenization.PreTokenizers;

/// <summary>GPT-2's pre-tokenizer: optionally split by its pattern, then write every byte as a character of <see cref="ByteCharacters"/>.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : IPreTokenizer
{
    private const string Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly SplitPreTokenizer? _split = useRegex
        ? new SplitPreTokenizer(new RegexPattern(Words), SplitBehavior.Isolated, invert: false)
        : null;

    public List<TextPiece> Cut(List<TextPiece> pieces)
    {
        if (addPrefixSpace)
            pieces = pieces.ConvertAll(WithPrefix);
        if (_split is not null)
            pieces = _split.Cut(pieces);
        var bytes = new AlignedText(pieces.Sum(piece => piece.Length) * 5 / 4);
        var result = new List<TextPiece>(pieces.Count);
        foreach (TextPiece piece in pieces)
        {
            if (piece.TokenId >= 0)
            {
                result.Add(piece);
                continue;
            }

            int start = bytes.Length;
            AppendBytes(piece, bytes);
            result.Add(new TextPiece(bytes, start, bytes.Length - start));
        }

        return result;
    }

    private static TextPiece WithPrefix(TextPiece piece)
    {
        if (piece.TokenId >= 0 || piece.Length == 0 || piece.Text[0] == ' ')
            return piece;
        var text = new AlignedText(piece.Length + 1);
        int start = piece.Source.ByteStart(piece.Start);
        text.Append(' ', start, start);
        text.Append(piece.Source, piece.Start, piece.Length);
        return new TextPiece(text, 0, text.Length);
    }

    private static void AppendBytes(TextPiece piece, AlignedText bytes)
    {
        Span<byte> utf8 = stackalloc byte[4];
        int index = piece.Start;
        foreach (Rune rune in piece.Text.EnumerateRunes())
        {
            int count = rune.EncodeToUtf8(utf8);
            long from = piece.Source.ByteStart(index);
            long length = piece.Source.ByteEnd(index) - from;
            for (int i = 0; i < count; i++)
                bytes.Append(ByteCharacters.OfByte(utf8[i]), (int)(from + (length * i / count)), (int)(from + (length * (i + 1) / count)));
            index += rune.Utf16SequenceLength;
        }
    }
}
