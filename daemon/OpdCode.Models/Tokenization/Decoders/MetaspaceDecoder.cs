using System.Text;

namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>Turns the visible space into a space; in the first part into nothing when one was put in front of the text.</summary>
internal sealed class MetaspaceDecoder(char replacement, bool dropsFirst) : IDecoder
{
    private readonly byte[] _replacement = Encoding.UTF8.GetBytes([replacement]);

    public List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts) =>
        parts.Select((part, index) => Convert(part, dropsFirst && index == 0)).ToList();

    /// <summary>The step for a token that is not the first of a text.</summary>
    public MetaspaceDecoder Inside() => new(replacement, dropsFirst: false);

    private List<DecodedByte> Convert(List<DecodedByte> part, bool drop)
    {
        var result = new List<DecodedByte>(part.Count);
        for (int i = 0; i < part.Count; i++)
        {
            bool match = i + _replacement.Length <= part.Count;
            for (int k = 0; match && k < _replacement.Length; k++)
                match = part[i + k].Value == _replacement[k];
            if (!match)
            {
                result.Add(part[i]);
                continue;
            }

            if (!drop)
                result.Add(part[i] with { Value = (byte)' ' });
            i += _replacement.Length - 1;
        }

        return result;
    }
}
