using System.Text.RegularExpressions;
using OpdCode.Protocol;

namespace OpdCode.Models.Tokenization.Patterns;

/// <summary>
/// A regular expression as Oniguruma reads it, run by .NET. The expression is rewritten once
/// (<see cref="OnigurumaTranslator"/>); .NET matches UTF-16 code units, so a text with characters beyond U+FFFF is
/// matched through a stand-in in which every character is one unit of the same category.
/// </summary>
internal sealed class RegexPattern : ITextPattern
{
    // Longest texts take milliseconds; only a pattern built to backtrack for ever comes near this.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly Regex _regex;
    private readonly string _source;

    /// <exception cref="FormatException">The pattern is malformed or uses something that has no translation.</exception>
    public RegexPattern(string oniguruma)
    {
        _source = oniguruma;
        try
        {
            _regex = new Regex(OnigurumaTranslator.Translate(oniguruma), RegexOptions.Compiled | RegexOptions.CultureInvariant, s_limit);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    public void FindMatches(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        try
        {
            if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            {
                foreach (ValueMatch match in _regex.EnumerateMatches(text))
                    matches.Add((match.Index, match.Length));
                return;
            }

            var standIn = new StandInText(text);
            foreach (ValueMatch match in _regex.EnumerateMatches(standIn.Text))
            {
                int start = standIn.Position(match.Index);
                matches.Add((start, standIn.Position(match.Index + match.Length) - start));
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new OpdException(ErrorCodes.TokenizerInvalid, $"tokenizer.json: the pattern {_source} took more than {s_limit.TotalSeconds} s on a text of {text.Length} characters. It backtracks without end; use the tokenizer of the original model.", e);
        }
    }
}
