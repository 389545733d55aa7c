using OpdCode.Models.Tokenization.Patterns;

namespace OpdCode.Models.Tokenization.PreTokenizers;

/// <summary>SentencePiece's way: spaces become a visible character, one is put in front, and words begin with it.</summary>
internal sealed class MetaspacePreTokenizer(char replacement, MetaspacePrefix prefix, bool split) : IPreTokenizer
{
    private readonly SplitPreTokenizer _split =
        new(new LiteralPattern(replacement.ToString()), SplitBehavior.MergedWithNext, invert: false);

    public List<TextPiece> Cut(List<TextPiece> pieces)
    {
        List<TextPiece> marked = pieces.ConvertAll(Mark);
        return split ? _split.Cut(marked) : marked;
    }

    private TextPiece Mark(TextPiece piece)
    {
        if (piece.TokenId >= 0 || piece.Length == 0)
            return piece;
        int start = piece.Source.ByteStart(piece.Start);
        bool wanted = prefix == MetaspacePrefix.Always || (prefix == MetaspacePrefix.First && start == 0);
        var text = new AlignedText(piece.Length + 1);
        if (wanted && piece.Text[0] != ' ' && piece.Text[0] != replacement)
            text.Append(replacement, start, start);
        for (int i = piece.Start; i < piece.Start + piece.Length; i++)
        {
            char unit = piece.Source.Text[i];
            text.Append(unit == ' ' ? replacement : unit, piece.Source.ByteStart(i), piece.Source.ByteEnd(i));
        }

        return new TextPiece(text, 0, text.Length);
    }
}
