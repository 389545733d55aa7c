namespace OpdCode.Models.Tokenization.Decoders;

/// <summary>One decoder after the other.</summary>
internal sealed class SequenceDecoder(IDecoder[] steps) : IDecoder
{
    /// <summary>The same without the steps that only concern the ends of a text.</summary>
    public SequenceDecoder ForOneToken() => new(steps.Where(step => !step.ConcernsEndsOnly).ToArray());

    public List<List<DecodedByte>> Decode(List<List<DecodedByte>> parts)
    {
        foreach (IDecoder step in steps)
            parts = step.Decode(parts);
        return parts;
    }
}
