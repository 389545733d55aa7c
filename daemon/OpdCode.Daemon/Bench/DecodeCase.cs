using OpdCode.Models.Decoding;
using OpdCode.Models.Generation;

namespace OpdCode.Daemon.Bench;

/// <summary>One text alone: a prompt of 16 tokens and a response of 256.</summary>
internal sealed class DecodeCase(BenchSetting setting) : IBenchCase
{
    private const int PromptLength = 16, ResponseLength = 256;

    private readonly Decoder _model = setting.CreateDecoder(BenchShape.Student);

    /// <inheritdoc/>
    public string Unit => "tokens/s";

    /// <inheritdoc/>
    public bool HasBaseline => true;

    /// <inheritdoc/>
    public void WarmUp(BenchSide side) => Run(side, 32);

    /// <inheritdoc/>
    public double Run(BenchSide side) => Run(side, ResponseLength);

    /// <inheritdoc/>
    public double? Ceiling(BenchMachine machine) =>
        ResponseLength / WritingWork.Seconds(_model.Config, [PromptLength], [(PromptLength, ResponseLength)], ResponseLength, machine);

    private double Run(BenchSide side, int length)
    {
        int[] prompt = Enumerable.Range(0, PromptLength).Select(t => t * 7 % _model.Config.VocabularySize).ToArray();
        if (side == BenchSide.Baseline) return new NaiveGeneration(_model).Generate([prompt], [length]);
        return Generator.Generate(_model, _model.Config.VocabularySize, [prompt], [0], new SamplingOptions { MaxNewTokens = length, Seed = 1 })[0].Ids.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
