using System.Globalization;
using System.Text.Unicode;

namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>
/// Turns tokens written as &lt;0xE2&gt; into bytes; neighbours are one part. A run that is not UTF-8 as a whole is
/// shown as one U+FFFD for each of its bytes, as Hugging Face's library does.
/// </summary>
internal sealed class ByteFallbackDecoder : IDecoder
{
    public List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts)
    {
        var result = new List<List<DecodedByte>>(parts.Count);
        var run = new List<DecodedByte>();
        foreach (List<DecodedByte> part in parts)
        {
            if (ByteOf(part) is { } value)
            {
                run.Add(part[0] with { Value = value });
                continue;
            }

            Flush(run, result);
            result.Add(part);
        }

        Flush(run, result);
        return result;
    }

    private static byte? ByteOf(List<DecodedByte> part)
    {
        if (part.Count != 6 || part[0].Value != '<' || part[1].Value != '0' || part[2].Value != 'x' || part[5].Value != '>')
            return null;
        ReadOnlySpan<char> digits = [(char)part[3].Value, (char)part[4].Value];
        return byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) ? value : null;
    }

    private static void Flush(List<DecodedByte> run, List<List<DecodedByte>> result)
    {
        if (run.Count == 0)
            return;
        byte[] bytes = run.Select(entry => entry.Value).ToArray();
        bool valid = Utf8.IsValid(bytes);
        result.Add(valid ? [.. run] : run.ConvertAll(entry => entry with { Broken = true }));
        run.Clear();
    }
}
