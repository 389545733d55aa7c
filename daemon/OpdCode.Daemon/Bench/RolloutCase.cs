using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;

namespace OpdCode.Daemon.Bench;

/// <summary>
/// A step's rollouts: 64 prompts of 16 to 64 tokens, 4 samples each, response lengths 8 to 256, both in geometric
/// progression and in random order. Lengths are forced, so both sides write the same number of tokens.
/// </summary>
internal sealed class RolloutCase : IBenchCase
{
    private const int Prompts = 64, Samples = 4, Places = 64;

    private readonly Decoder _model;
    private readonly int[][] _prompts;
    private readonly int[] _lengths;

    public RolloutCase(BenchSetting setting)
    {
        _model = setting.CreateDecoder(BenchShape.Student);
        int[] promptLengths = Lengths(Prompts, 16, 64, stream: 1);
        _prompts = promptLengths.SelectMany((length, p) => Enumerable.Repeat(Ids(length, p), Samples)).ToArray();
        _lengths = Lengths(Prompts * Samples, 8, 256, stream: 2);
    }

    /// <inheritdoc/>
    public string Unit => "tokens/s";

    /// <inheritdoc/>
    public bool HasBaseline => true;

    /// <inheritdoc/>
    public void WarmUp(BenchSide side) => Run(side, 8, Enumerable.Repeat(8, 8).ToArray());

    /// <inheritdoc/>
    public double Run(BenchSide side) => Run(side, _prompts.Length, _lengths);

    /// <inheritdoc/>
    public double? Ceiling(BenchMachine machine)
    {
        (int, int)[] responses = _prompts.Select((prompt, i) => (prompt.Length, _lengths[i])).ToArray();
        int tokens = _lengths.Sum();
        return tokens / WritingWork.Seconds(_model.Config, _prompts.Where((_, i) => i % Samples == 0).Select(p => p.Length), responses, tokens / Places, machine);
    }

    private double Run(BenchSide side, int count, int[] lengths)
    {
        int[][] prompts = _prompts[..count];
        if (side == BenchSide.Baseline) return new NaiveGeneration(_model).Generate(prompts, lengths);
        long[] streams = Enumerable.Range(0, count).Select(i => (long)i).ToArray();
        var options = new SamplingOptions { MaxNewTokens = lengths.Max(), Limits = lengths, Seed = 1 };
        return Generator.Generate(_model, _model.Config.VocabularySize, prompts, streams, options).Sum(written => written.Ids.Length);
    }

    private int[] Ids(int length, int prompt) =>
        Enumerable.Range(0, length).Select(t => (int)(CounterRandom.Uniform(3, prompt, t) * _model.Config.VocabularySize)).ToArray();

    private static int[] Lengths(int count, int least, int most, long stream)
    {
        int[] order = CounterRandom.Permutation(count, 3, stream);
        return order.Select(i => (int)Math.Round(least * Math.Pow(most / (double)least, i / (count - 1.0)))).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
