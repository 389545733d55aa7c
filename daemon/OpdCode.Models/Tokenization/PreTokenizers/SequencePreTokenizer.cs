namespace OpdCode.Models.Tokenization.PreTokenizers;

/// <summary>One pre-tokenizer after the other.</summary>
internal sealed class SequencePreTokenizer(IPreTokenizer[] steps) : IPreTokenizer
{
    public List<TextPiece> Cut(List<TextPiece> pieces)
    {
        foreach (IPreTokenizer step in steps)
            pieces = step.Cut(pieces);
        return pieces;
    }
}
