using System.Text;

namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>Removes up to so many of one character at the ends of each part.</summary>
internal sealed class StripDecoder(Rune content, int start, int stop) : IDecoder
{
    private readonly byte[] _content = Encoding.UTF8.GetBytes(content.ToString());

    public bool ConcernsEndsOnly => true;

    public List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts) => parts.ConvertAll(Strip);

    private List<DecodedByte> Strip(List<DecodedByte> part)
    {
        int from = 0;
        int to = part.Count;
        for (int i = 0; i < start && Matches(part, from, to); i++)
            from += _content.Length;
        for (int i = 0; i < stop && Matches(part, Math.Max(from, to - _content.Length), to); i++)
            to -= _content.Length;
        return from == 0 && to == part.Count ? part : part[from..to];
    }

    private bool Matches(List<DecodedByte> part, int at, int to)
    {
        if (at + _content.Length > to)
            return false;
        for (int i = 0; i < _content.Length; i++)
        {
            if (part[at + i].Value != _content[i])
                return false;
        }

        return true;
    }
}
