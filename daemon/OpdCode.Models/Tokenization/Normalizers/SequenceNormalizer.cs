namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>One normalizer after the other.</summary>
internal sealed class SequenceNormalizer(INormalizer[] steps) : INormalizer
{
    public AlignedText Normalize(AlignedText text)
    {
        foreach (INormalizer step in steps)
            text = step.Normalize(text);
        return text;
    }
}
