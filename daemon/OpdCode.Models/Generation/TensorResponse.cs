namespace OpdCode.Models.Generation;

/// <summary>A response while it is written with tensors.</summary>
/// <param name="Place">Which of the responses that were asked for it is.</param>
/// <param name="Prompt">Token ids of its prompt.</param>
/// <param name="Stream">Its random stream.</param>
/// <param name="Limit">Its longest length, in tokens.</param>
internal sealed record TensorResponse(int Place, int[] Prompt, long Stream, int Limit)
{
    private readonly List<int> _ids = [];
    private readonly List<float> _samplerLogprobs = [];
    private readonly List<float> _plainLogprobs = [];
    private FinishReason? _finish;

    /// <summary>Whether it is done; its row of the batch is then computed in vain until it leaves.</summary>
    public bool Ended => _finish is not null;

    /// <summary>Tokens written so far: the position of the next draw in <see cref="Stream"/>.</summary>
    public int Written => _ids.Count;

    /// <summary>Tokens of prompt and response whose keys and values are known when the newest token has not been read yet.</summary>
    public int Read => Prompt.Length + Math.Max(_ids.Count - 1, 0);

    /// <summary>The newest token.</summary>
    public int Last => _ids[^1];

    /// <summary>Takes a chosen token.</summary>
    public void Append(int id, double samplerLogprob, double plainLogprob, IReadOnlySet<int> stopIds)
    {
        _ids.Add(id);
        _samplerLogprobs.Add((float)samplerLogprob);
        _plainLogprobs.Add((float)plainLogprob);
        if (stopIds.Contains(id)) _finish = FinishReason.Stop;
        else if (_ids.Count >= Limit) _finish = FinishReason.Length;
    }

    /// <summary>What was written.</summary>
    public GeneratedSequence Result() => new([.. _ids], [.. _samplerLogprobs], [.. _plainLogprobs], _finish ?? FinishReason.Length);
}
