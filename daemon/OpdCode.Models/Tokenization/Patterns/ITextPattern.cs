namespace OpdCode.Models.Tokenization.Patterns;

/// <summary>Something that can be found in a text. Matches come in order and do not overlap.</summary>
internal interface ITextPattern
{
    /// <summary>Adds all matches as (start, length) in UTF-16 code units.</summary>
    void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches);
}
