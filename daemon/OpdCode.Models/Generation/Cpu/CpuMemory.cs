using OpdCode.Models.Decoding;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>What generation on a processor allocates, for the estimate before a run.</summary>
internal static class CpuMemory
{
    // A second copy of the weights must leave room for the model, its gradients and whatever else runs.
    private const int MostOfMemory = 4;

    /// <summary>
    /// Whether the packed copy of the weights takes at most a quarter of the machine's memory. Of all memory, not of what
    /// is free just now: a run that is resumed must take the same path.
    /// </summary>
    public static bool Fits(DecoderConfig c) => Packed(c) * sizeof(float) <= GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MostOfMemory;

    private static long Packed(DecoderConfig c) =>
        c.ParameterCount - (c.TieEmbeddings ? 0 : (long)c.VocabularySize * c.HiddenSize); // the embedding is read where it is

    /// <summary>Bytes while a batch is written, the model itself not counted.</summary>
    /// <param name="c">The model's shape.</param>
    /// <param name="adapterWeights">Weights of an adapter.</param>
    /// <param name="sequences">Responses of the batch.</param>
    /// <param name="promptTokens">The longest prompt.</param>
    /// <param name="responseTokens">The longest response.</param>
    public static long Bytes(DecoderConfig c, long adapterWeights, long sequences, int promptTokens, int responseTokens)
    {
        long packed = Packed(c) + adapterWeights;
        long places = Math.Min(sequences, CpuGeneration.MostPlaces), rows = Math.Min(CpuGeneration.MostRows, Math.Max(places, sequences * promptTokens));
        int blocks = (promptTokens + responseTokens + TokenBlocks.Positions - 1) / TokenBlocks.Positions;
        // A place holds its sequence; prompts are held besides until their last response has started.
        long positions = places * (blocks + (promptTokens / TokenBlocks.Positions) + 1L) * TokenBlocks.Positions;
        long cache = 2L * positions * c.Layers * c.KeyValueHeads * c.HeadSize;
        long row = 4L * c.HiddenSize + 2L * c.Heads * c.HeadSize + 2L * c.KeyValueHeads * c.HeadSize + 3L * c.IntermediateSize;
        return sizeof(float) * (packed + cache + rows * row + places * c.VocabularySize);
    }
}
