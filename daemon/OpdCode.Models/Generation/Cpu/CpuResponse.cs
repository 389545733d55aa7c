namespace OpdCode.Models.Generation.Cpu;

/// <summary>A response while it is written.</summary>
/// <param name="place">Which of the responses that were asked for it is.</param>
/// <param name="prompt">What it continues.</param>
/// <param name="stream">Its random stream.</param>
/// <param name="limit">Its longest length, tokens.</param>
internal sealed class CpuResponse(int place, CpuPrompt prompt, long stream, int limit) : IDisposable
{
    private readonly List<int> _ids = [];
    private readonly List<float> _samplerLogprobs = [];
    private readonly List<float> _plainLogprobs = [];
    private FinishReason? _finish;

    /// <summary>Which of the responses that were asked for it is.</summary>
    public int Place => place;

    /// <summary>What it continues.</summary>
    public CpuPrompt Prompt => prompt;

    /// <summary>Keys and values; null until it starts and after it has ended.</summary>
    public TokenSequence? Sequence { get; private set; }

    /// <summary>Whether its last token has been drawn.</summary>
    public bool Ended => _finish is not null;

    /// <summary>The token to compute next.</summary>
    public int LastId => _ids[^1];

    /// <summary>Where it stands.</summary>
    public int LastPosition => prompt.Ids.Length + _ids.Count - 1;

    /// <summary>The number that decides the next token.</summary>
    public double Uniform(long seed) => CounterRandom.Uniform(seed, stream, _ids.Count);

    /// <summary>Continues the prompt's keys and values; the prompt is given back by the last response that needs it.</summary>
    public void Start()
    {
        Sequence = prompt.Sequence.Fork(prompt.Ids.Length);
        if (--prompt.Waiting == 0) prompt.Dispose();
    }

    /// <summary>Takes a drawn token.</summary>
    public void Append(CpuChoice choice, SamplingOptions options)
    {
        _ids.Add(choice.Id);
        _samplerLogprobs.Add(choice.SamplerLogprob);
        _plainLogprobs.Add(choice.PlainLogprob);
        if (options.StopIds.Contains(choice.Id)) _finish = FinishReason.Stop;
        else if (_ids.Count >= limit) _finish = FinishReason.Length;
    }

    /// <summary>What was written.</summary>
    public GeneratedSequence Result() => new([.. _ids], [.. _samplerLogprobs], [.. _plainLogprobs], _finish ?? FinishReason.Length);

    /// <inheritdoc/>
    public void Dispose()
    {
        Sequence?.Dispose();
        Sequence = null;
    }
}
