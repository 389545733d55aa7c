namespace OpdCode.Models.Tokenization;

/// <summary>The tokens of a text, with the place of each in the text as it was given.</summary>
/// <param name="Ids">Token ids, in order.</param>
/// <param name="Spans">
/// One per id, in the original text (before any normalizer). Where a normalizer changed the length of a character,
/// its bytes are divided in proportion. Tokens that the post-processor or a normalizer added have an empty range.
/// </param>
public sealed record TokenizedText(int[] Ids, TokenSpan[] Spans);
