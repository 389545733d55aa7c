namespace OpdCode.Models.Tokenization;

/// <summary>A stretch of a text: still to be cut and merged, or already one added token.</summary>
/// <param name="Source">The text it lies in.</param>
/// <param name="Start">First UTF-16 code unit.</param>
/// <param name="Length">In UTF-16 code units.</param>
/// <param name="TokenId">The added token this is, or -1.</param>
internal readonly record struct TextPiece(AlignedText Source, int Start, int Length, int TokenId = -1)
{
    public ReadOnlySpan<char> Text => Source.Text.Slice(Start, Length);
}
