using System.Text;

namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>Lower case, character by character, in every script.</summary>
internal sealed class LowercaseNormalizer : INormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        var result = new AlignedText(text.Length);
        int index = 0;
        foreach (Rune rune in text.Text.EnumerateRunes())
        {
            // The one character whose lower case is two: the capital I with a dot above.
            if (rune.Value == 0x130)
                result.AppendReplacement("i\u0307", text.ByteStart(index), text.ByteEnd(index));
            else
                result.Append(Rune.ToLowerInvariant(rune), text.ByteStart(index), text.ByteEnd(index));
            index += rune.Utf16SequenceLength;
        }

        return result;
    }
}
