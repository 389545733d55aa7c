namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>Puts a text in front of every text that is not empty (SentencePiece's leading "▁"); it stands for no byte of the original.</summary>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        if (text.Length == 0)
            return text;
        var result = new AlignedText(text.Length + prefix.Length);
        result.AppendReplacement(prefix, text.ByteStart(0), text.ByteStart(0));
        result.Append(text, 0, text.Length);
        return result;
    }
}
