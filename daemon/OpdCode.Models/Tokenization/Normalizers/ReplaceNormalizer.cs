using OpdCode.Models.Tokenization.Patterns;

namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>Replaces every match by a fixed text, which then stands for the bytes of the match.</summary>
internal sealed class ReplaceNormalizer(ITextPattern pattern, string content) : INormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        if (text.Length == 0)
            return text;
        var matches = new List<(int Start, int Length)>();
        pattern.FindMatches(text.Text, matches);
        if (matches.Count == 0)
            return text;
        var result = new AlignedText(text.Length);
        int from = 0;
        foreach ((int start, int length) in matches)
        {
            result.Append(text, from, start - from);
            int byteStart = start < text.Length ? text.ByteStart(start) : text.ByteEnd(text.Length - 1);
            int byteEnd = length == 0 ? byteStart : text.ByteEnd(start + length - 1);
            result.AppendReplacement(content, byteStart, byteEnd);
            from = start + length;
        }

        result.Append(text, from, text.Length - from);
        return result;
    }
}
