namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>Joins all parts.</summary>
internal sealed class FuseDecoder : IDecoder
{
    public List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts) => [parts.SelectMany(part => part).ToList()];
}
