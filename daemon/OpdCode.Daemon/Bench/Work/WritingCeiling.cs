using OpdCode.Models.Decoding;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>The arithmetic and the memory traffic that writing texts cannot do without.</summary>
internal static class WritingCeiling
{
    /// <summary>The least time to write responses when nothing but products and reading limits.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="prompts">Length of each prompt that must be computed: each different one once.</param>
    /// <param name="responses">For each response, the length of its prompt and its own.</param>
    /// <param name="passes">How often the weights are read.</param>
    /// <param name="machine">Rates.</param>
    /// <returns>Seconds.</returns>
    public static double Seconds(DecoderConfig config, IEnumerable<int> prompts, IReadOnlyList<(int Prompt, int Response)> responses, long passes, BenchMachine machine)
    {
        long head = (long)config.VocabularySize * config.HiddenSize;
        long body = config.ParameterCount - head * (config.TieEmbeddings ? 1 : 2);
        double keyFloats = 2.0 * config.Layers * config.KeyValueHeads * config.HeadSize;
        double attention = 4.0 * config.Layers * config.Heads * config.HeadSize; // operations per pair of positions
        double operations = 0, bytes = (double)passes * (body + head) * sizeof(float);
        foreach (int p in prompts) operations += 2.0 * body * p + attention * p * p / 2;
        foreach ((int prompt, int response) in responses)
        {
            double pairs = (double)prompt * response + response * (double)response / 2;
            operations += 2.0 * (body + head) * response + attention * pairs;
            bytes += keyFloats * pairs * sizeof(float);
        }
        return machine.Seconds(operations, bytes);
    }
}
