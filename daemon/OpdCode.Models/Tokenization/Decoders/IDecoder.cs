namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>
/// One step from token texts to a text. A part is what Hugging Face's library holds as one string; steps join,
/// change or cut parts and keep track of which token each byte belongs to. Order never changes.
/// </summary>
internal interface IDecoder
{
    List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts);

    /// <summary>Whether the step looks at the ends of the whole text, so that it does not apply to a token by itself.</summary>
    bool ConcernsEndsOnly => false;
}
