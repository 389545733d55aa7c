namespace OpdCode.Models.Tokenization.Patterns;

/// <summary>A text that is found as it is written. The empty one is never found.</summary>
internal sealed class LiteralPattern(string literal) : ITextPattern
{
    public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        if (literal.Length == 0)
            return;
        int from = 0;
        while (text[from..].IndexOf(literal, StringComparison.Ordinal) is >= 0 and int offset)
        {
            matches.Add((from + offset, literal.Length));
            from += offset + literal.Length;
        }
    }
}
