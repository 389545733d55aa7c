using OpdCode.Models.Tokenization.Patterns;

namespace OpdCode.Models.Tokenization.PreTokenizers;

/// <summary>Splits at the matches of a pattern; inverted, at what lies between them.</summary>
internal sealed class SplitPreTokenizer(ITextPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public List<TextPiece> Cut(List<TextPiece> pieces)
    {
        var result = new List<TextPiece>(pieces.Count);
        var matches = new List<(int Start, int Length)>();
        var parts = new List<(int Start, int End, bool Match)>();
        foreach (TextPiece piece in pieces)
        {
            if (piece.TokenId >= 0 || piece.Length == 0)
            {
                result.Add(piece);
                continue;
            }

            matches.Clear();
            pattern.FindMatches(piece.Text, matches);
            parts.Clear();
            int from = 0;
            foreach ((int start, int length) in matches)
            {
                if (start > from)
                    parts.Add((from, start, invert));
                parts.Add((start, start + length, !invert));
                from = start + length;
            }

            if (from < piece.Length)
                parts.Add((from, piece.Length, invert));
            foreach ((int start, int end) in Join(parts))
            {
                if (end > start)
                    result.Add(piece with { Start = piece.Start + start, Length = end - start });
            }
        }

        return result;
    }

    private IEnumerable<(int Start, int End)> Join(List<(int Start, int End, bool Match)> parts)
    {
        if (behavior is SplitBehavior.Isolated or SplitBehavior.Removed)
        {
            return parts.Where(part => behavior == SplitBehavior.Isolated || !part.Match)
                .Select(part => (part.Start, part.End));
        }

        if (behavior == SplitBehavior.MergedWithNext)
            parts.Reverse();
        var joined = new List<(int Start, int End)>();
        bool previous = false;
        foreach ((int start, int end, bool match) in parts)
        {
            bool joins = behavior == SplitBehavior.Contiguous ? match == previous : match && !previous;
            if (joins && joined.Count > 0)
                joined[^1] = (Math.Min(start, joined[^1].Start), Math.Max(end, joined[^1].End));
            else
                joined.Add((start, end));
            previous = match;
        }

        if (behavior == SplitBehavior.MergedWithNext)
            joined.Reverse();
        return joined;
    }
}
