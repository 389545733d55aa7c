namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>Turns the characters of <see cref="ByteCharacters"/> back into bytes and joins all parts.</summary>
internal sealed class ByteLevelDecoder : IDecoder
{
    public List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts)
    {
        var bytes = new List<DecodedByte>();
        var mapped = new List<DecodedByte>();
        foreach (List<DecodedByte> part in parts)
            bytes.AddRange(TryMap(part, mapped) ? mapped : part);
        return [bytes];
    }

    /// <summary>False when a character stands for no byte: then the part is ordinary text.</summary>
    private static bool TryMap(List<DecodedByte> part, List<DecodedByte> mapped)
    {
        mapped.Clear();
        for (int i = 0; i < part.Count;)
        {
            // Characters of the map are one or two bytes of UTF-8.
            bool two = (part[i].Value & 0xE0) == 0xC0 && i + 1 < part.Count;
            int character = two ? ((part[i].Value & 0x1F) << 6) | (part[i + 1].Value & 0x3F) : part[i].Value;
            int value = part[i].Value >= 0x80 && !two ? -1 : ByteCharacters.ToByte((char)character);
            if (value < 0)
                return false;
            mapped.Add(part[i] with { Value = (byte)value });
            i += two ? 2 : 1;
        }

        return true;
    }
}
