using OpdCode.Models.Decoding;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>What generation on a processor allocates, for the estimate before a run.</summary>
internal static class CpuMemory
{
    /// <summary>Bytes while a batch is written, the model itself not counted.</summary>
    /// <param name="c">The model's shape.</param>
    /// <param name="adapterWeights">Weights of an adapter.</param>
    /// <param name="sequences">Responses of the batch.</param>
    /// <param name="promptTokens">The longest prompt.</param>
    /// <param name="responseTokens">The longest response.</param>
    public static long Bytes(DecoderConfig c, long adapterWeights, long sequences, int promptTokens, int responseTokens)
    {
        long embedding = c.TieEmbeddings ? 0 : (long)c.VocabularySize * c.HiddenSize; // read where it is
        long packed = c.ParameterCount - embedding + adapterWeights;
        long places = Math.Min(sequences, CpuGeneration.MostPlaces), rows = Math.Min(CpuGeneration.MostRows, Math.Max(places, sequences * promptTokens));
        int blocks = (promptTokens + responseTokens + TokenBlocks.Positions - 1) / TokenBlocks.Positions;
        // A place holds its sequence; prompts are held besides until their last response has started.
        long positions = places * (blocks + (promptTokens / TokenBlocks.Positions) + 1L) * TokenBlocks.Positions;
        long cache = 2L * positions * c.Layers * c.KeyValueHeads * c.HeadSize;
        long row = 4L * c.HiddenSize + 2L * c.Heads * c.HeadSize + 2L * c.KeyValueHeads * c.HeadSize + 3L * c.IntermediateSize;
        return sizeof(float) * (packed + cache + rows * row + places * c.VocabularySize);
    }
}
