using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>One text alone.</summary>
/// <param name="model">The model that writes; disposed with this.</param>
/// <param name="naive">As Hugging Face's <c>generate</c> does it instead of as runs do.</param>
internal sealed class DecodingWork(Decoder model, bool naive) : IBenchWork
{
    /// <summary>Tokens of the prompt and of the response.</summary>
    public const int PromptLength = 16, ResponseLength = 256;

    /// <inheritdoc/>
    public void WarmUp() => Run(32);

    /// <inheritdoc/>
    public double Run() => Run(ResponseLength);

    private double Run(int length)
    {
        int[] prompt = [.. Enumerable.Range(0, PromptLength).Select(t => t * 7 % model.Config.VocabularySize)];
        if (naive) return new NaiveGeneration(model).Generate([prompt], [length]);
        return Generator.Generate(model, model.Config.VocabularySize, [prompt], [0], new SamplingOptions { MaxNewTokens = length, Seed = 1 })[0].Ids.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();
}
