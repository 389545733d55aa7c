using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>A step's rollouts: each prompt sampled several times, lengths forced so that every way of writing writes the same number of tokens.</summary>
/// <param name="model">The model that writes; disposed with this.</param>
/// <param name="prompts">How many different prompts of 16 to 64 tokens.</param>
/// <param name="samples">Responses to each, of 8 to 256 tokens; both lengths in geometric progression and random order.</param>
/// <param name="naive">As Hugging Face's <c>generate</c> does it instead of as runs do.</param>
internal sealed class WritingWork(Decoder model, int prompts, int samples, bool naive) : IBenchWork
{
    private readonly int[][] _prompts = [.. Lengths(prompts, 16, 64, stream: 1).SelectMany((length, p) => Enumerable.Repeat(Ids(model, length, p), samples))];
    private readonly int[] _lengths = Lengths(prompts * samples, 8, 256, stream: 2);

    /// <summary>The least time these rollouts need where so many responses are written at a time.</summary>
    public static double Seconds(DecoderConfig config, int prompts, int samples, int places, BenchMachine machine)
    {
        int[] promptLengths = Lengths(prompts, 16, 64, stream: 1), lengths = Lengths(prompts * samples, 8, 256, stream: 2);
        (int, int)[] responses = [.. lengths.Select((length, i) => (promptLengths[i / samples], length))];
        return WritingCeiling.Seconds(config, promptLengths, responses, lengths.Sum() / places, machine);
    }

    /// <summary>Tokens of all responses.</summary>
    public static int Tokens(int prompts, int samples) => Lengths(prompts * samples, 8, 256, stream: 2).Sum();

    /// <inheritdoc/>
    public void WarmUp() => Run(Math.Min(8, _prompts.Length), [.. Enumerable.Repeat(8, Math.Min(8, _prompts.Length))]);

    /// <inheritdoc/>
    public double Run() => Run(_prompts.Length, _lengths);

    private double Run(int count, int[] lengths)
    {
        int[][] some = _prompts[..count];
        if (naive) return new NaiveGeneration(model).Generate(some, lengths);
        long[] streams = [.. Enumerable.Range(0, count).Select(i => (long)i)];
        var options = new SamplingOptions { MaxNewTokens = lengths.Max(), Limits = lengths, Seed = 1 };
        return Generator.Generate(model, model.Config.VocabularySize, some, streams, options).Sum(written => written.Ids.Length);
    }

    private static int[] Ids(Decoder model, int length, int prompt) =>
        [.. Enumerable.Range(0, length).Select(t => (int)(CounterRandom.Uniform(3, prompt, t) * model.Config.VocabularySize))];

    private static int[] Lengths(int count, int least, int most, long stream)
    {
        int[] order = CounterRandom.Permutation(count, 3, stream);
        return [.. order.Select(i => (int)Math.Round(least * Math.Pow(most / (double)least, i / (count - 1.0))))];
    }

    /// <inheritdoc/>
    public void Dispose() => model.Dispose();
}
