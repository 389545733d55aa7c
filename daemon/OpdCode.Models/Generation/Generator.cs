using OpdCode.Models.Decoding;
using OpdCode.Models.Generation.Cpu;
using OpdCode.Protocol;

namespace OpdCode.Models.Generation;

/// <summary>
/// Writes responses to prompts of unequal lengths: on a processor in float32 by <see cref="CpuGeneration"/>, elsewhere by
/// <see cref="TensorGeneration"/>.
/// </summary>
public static class Generator
{
    /// <summary>Generates one response per prompt.</summary>
    /// <param name="model">The model that writes.</param>
    /// <param name="vocabularySize">Ids from here on are padding of the head and are never chosen.</param>
    /// <param name="prompts">Token ids of each prompt, at least one each.</param>
    /// <param name="streams">Random stream of each row: the same stream and seed give the same numbers whatever the batch.</param>
    /// <param name="options">Sampling and stopping.</param>
    /// <param name="ended">Told of every response as soon as it has ended, with the place of its prompt, on the calling thread while others are still written; it must return at once.</param>
    /// <param name="cancel">Checked between tokens.</param>
    /// <returns>In the order of the prompts.</returns>
    /// <exception cref="OpdException">OPD1202 when a prompt is empty or does not fit the model's context with the response.</exception>
    public static IReadOnlyList<GeneratedSequence> Generate(
        Decoder model, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options,
        Action<int, GeneratedSequence>? ended = null, CancellationToken cancel = default)
    {
        if (prompts.Count == 0) return [];
        foreach (int[] prompt in prompts) CheckLength(model.Config, prompt.Length, options.MaxNewTokens);
        if (CpuGeneration.Supports(model, prompts.Max(p => p.Length) + options.MaxNewTokens))
            return CpuGeneration.Run(model, vocabularySize, prompts, streams, options, ended, cancel);
        using var generation = new TensorGeneration(model, vocabularySize, prompts, streams, options);
        return generation.Run(ended, cancel);
    }

    /// <summary>
    /// Generates from the mixture (1 − share)·model + share·other, token by token; both read all that is written (MiniLLM's teacher
    /// mixing, arXiv 2306.08543). Log-probabilities of the result are the mixture's.
    /// </summary>
    /// <param name="model">The model that writes.</param>
    /// <param name="other">The model that is mixed in; it must share the tokens and the device of the first.</param>
    /// <param name="share">Of the other, above 0 and below 1.</param>
    /// <param name="vocabularySize">Ids from here on are padding of the heads and are never chosen.</param>
    /// <param name="prompts">Token ids of each prompt, at least one each; both read the same.</param>
    /// <param name="streams">Random stream of each row.</param>
    /// <param name="options">Sampling (of the mixture) and stopping.</param>
    /// <param name="ended">As for <see cref="Generate"/>.</param>
    /// <param name="cancel">Checked between tokens.</param>
    /// <exception cref="OpdException">OPD1202 when a prompt is empty or does not fit one of the contexts with the response.</exception>
    public static IReadOnlyList<GeneratedSequence> GenerateMixed(
        Decoder model, Decoder other, double share, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options,
        Action<int, GeneratedSequence>? ended = null, CancellationToken cancel = default)
    {
        if (prompts.Count == 0) return [];
        foreach (int[] prompt in prompts)
        {
            CheckLength(model.Config, prompt.Length, options.MaxNewTokens);
            CheckLength(other.Config, prompt.Length, options.MaxNewTokens);
        }
        using var generation = new TensorGeneration(model, vocabularySize, prompts, streams, options, mixed: (other, share));
        return generation.Run(ended, cancel);
    }

    /// <summary>Refuses a prompt that is empty or too long for the response asked for.</summary>
    /// <exception cref="OpdException">OPD1202 with the lengths seen.</exception>
    public static void CheckLength(DecoderConfig config, int promptTokens, int newTokens)
    {
        if (promptTokens == 0)
            throw new OpdException(ErrorCodes.PromptTooLong, "The prompt is empty: there is no token to continue from. Give at least one token.");
        if (promptTokens + newTokens > config.ContextLimit)
        {
            throw new OpdException(ErrorCodes.PromptTooLong, newTokens == 0
                ? $"The text has {promptTokens} tokens, but the model's context ends at {config.ContextLimit}. Shorten it."
                : $"The prompt has {promptTokens} tokens and up to {newTokens} more may follow, but the model's context ends at {config.ContextLimit}. Shorten the prompt or lower the longest response.");
        }
    }
}
