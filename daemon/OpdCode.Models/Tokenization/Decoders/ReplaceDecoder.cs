using System.Text;
using OpdCode.Models.Tokenization.Patterns;

namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>Replaces every match within a part by a fixed text, which belongs to the token the match began in.</summary>
internal sealed class ReplaceDecoder(ITextPattern pattern, string content) : IDecoder
{
    private readonly byte[] _content = Encoding.UTF8.GetBytes(content);

    public List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts) => parts.ConvertAll(Replace);

    private List<DecodedByte> Replace(List<DecodedByte> part)
    {
        if (part.Count == 0)
            return part;
        string text = Encoding.UTF8.GetString(part.Select(entry => entry.Value).ToArray());
        var matches = new List<(int Start, int Length)>();
        pattern.FindMatches(text, matches);
        if (matches.Count == 0)
            return part;
        var result = new List<DecodedByte>(part.Count);
        int from = 0;
        int fromByte = 0;
        foreach ((int start, int length) in matches)
        {
            int startByte = fromByte + Encoding.UTF8.GetByteCount(text.AsSpan(from, start - from));
            result.AddRange(part[fromByte..startByte]);
            int owner = part[Math.Min(startByte, part.Count - 1)].Owner;
            foreach (byte value in _content)
                result.Add(new DecodedByte(value, owner));
            from = start + length;
            fromByte = startByte + Encoding.UTF8.GetByteCount(text.AsSpan(start, length));
        }

        result.AddRange(part[fromByte..]);
        return result;
    }
}
