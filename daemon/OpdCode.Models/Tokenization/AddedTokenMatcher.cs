using System.Globalization;
using System.Text;

namespace OpdCode.Models.Tokenization;

/// <summary>
/// Finds added tokens in a text: the leftmost, and of those that begin at one place the longest. A trie whose nodes
/// are numbered; the first characters are looked up separately, so text without any is skipped at full speed.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, char Unit), int> _next = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly System.Buffers.SearchValues<char> _firsts;

    /// <param name="tokens">Each with the text to look for, which a normalizer may have changed.</param>
    public AddedTokenMatcher(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        var firsts = new HashSet<char>();
        foreach ((string content, AddedToken token) in tokens)
        {
            if (content.Length == 0)
                continue;
            firsts.Add(content[0]);
            int node = 0;
            foreach (char unit in content)
            {
                if (!_next.TryGetValue((node, unit), out int child))
                {
                    child = _ends.Count;
                    _ends.Add(null);
                    _next[(node, unit)] = child;
                }

                node = child;
            }

            _ends[node] ??= token;
        }

        _firsts = System.Buffers.SearchValues.Create([.. firsts]);
    }

    /// <summary>Cuts a piece at the added tokens in it.</summary>
    public void Cut(TextPiece piece, List<TextPiece> result)
    {
        ReadOnlySpan<char> text = piece.Text;
        int done = 0;
        int from = 0;
        while (from < text.Length && text[from..].IndexOfAny(_firsts) is >= 0 and int offset)
        {
            int start = from + offset;
            (AddedToken? token, int length) = LongestAt(text, start);
            if (token is null)
            {
                from = start + 1;
                continue;
            }

            int end = start + length;
            from = end;
            if (token.SingleWord && ((start > 0 && IsWord(text[..start], last: true)) || (end < text.Length && IsWord(text[end..], last: false))))
                continue;
            if (token.LStrip)
            {
                while (start > done && char.IsWhiteSpace(text[start - 1]))
                    start--;
            }

            while (token.RStrip && end < text.Length && char.IsWhiteSpace(text[end]))
                end++;
            if (start > done)
                result.Add(piece with { Start = piece.Start + done, Length = start - done });
            result.Add(piece with { Start = piece.Start + start, Length = end - start, TokenId = token.Id });
            done = end;
        }

        if (done < text.Length)
            result.Add(piece with { Start = piece.Start + done, Length = text.Length - done });
    }

    private (AddedToken? Token, int Length) LongestAt(ReadOnlySpan<char> text, int start)
    {
        AddedToken? best = null;
        int length = 0;
        int node = 0;
        for (int i = start; i < text.Length && _next.TryGetValue((node, text[i]), out node); i++)
        {
            if (_ends[node] is { } token)
            {
                best = token;
                length = i + 1 - start;
            }
        }

        return (best, length);
    }

    /// <summary>Letters, marks, decimal digits, letter numbers, connectors and joiners: the \w of Unicode's regular expressions.</summary>
    private static bool IsWord(ReadOnlySpan<char> text, bool last)
    {
        Rune rune;
        if (last)
            Rune.DecodeLastFromUtf16(text, out rune, out _);
        else
            Rune.DecodeFromUtf16(text, out rune, out _);
        return Rune.IsLetter(rune) || rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9)
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber
                or UnicodeCategory.ConnectorPunctuation;
    }
}
