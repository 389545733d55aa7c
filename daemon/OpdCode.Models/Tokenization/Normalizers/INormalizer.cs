namespace OpdCode.Models.Tokenization.Normalizers;

/// <summary>Rewrites a text before it is cut; what it returns still knows where everything came from.</summary>
internal interface INormalizer
{
    /// <returns>The same object when nothing changes.</returns>
    AlignedText Normalize(AlignedText text);
}
