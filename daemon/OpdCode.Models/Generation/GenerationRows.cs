namespace OpdCode.Models.Generation;

/// <summary>The book-keeping of a batch while it is generated: which rows are still writing and what they have written.</summary>
internal sealed class GenerationRows
{
    private readonly IReadOnlyList<int[]> _prompts;
    private readonly IReadOnlyList<long> _streams;
    private readonly IReadOnlyList<int>? _limits;
    private readonly List<int>[] _ids;
    private readonly List<float>[] _samplerLogprobs;
    private readonly List<float>[] _plainLogprobs;
    private readonly FinishReason?[] _finish;
    private List<int> _rows; // batch row → prompt

    public GenerationRows(IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, IReadOnlyList<int>? limits)
    {
        if (streams.Count != prompts.Count) throw new ArgumentException($"{streams.Count} random streams for {prompts.Count} prompts", nameof(streams));
        (_prompts, _streams, _limits) = (prompts, streams, limits);
        _ids = prompts.Select(_ => new List<int>()).ToArray();
        _samplerLogprobs = prompts.Select(_ => new List<float>()).ToArray();
        _plainLogprobs = prompts.Select(_ => new List<float>()).ToArray();
        _finish = new FinishReason?[prompts.Count];
        _rows = Enumerable.Range(0, prompts.Count).ToList();
    }

    /// <summary>Rows still writing. Rows that finished in the last <see cref="Append"/> count until they are removed, unless all did.</summary>
    public int Active => Finished == _rows.Count ? 0 : _rows.Count;

    public int Finished => _rows.Count(row => _finish[row] is not null);

    /// <summary>Whether some row has padding on its left.</summary>
    public bool Unequal { get; private set; }

    public long[] Pads(int longest)
    {
        long[] pads = _rows.Select(row => (long)(longest - _prompts[row].Length)).ToArray();
        Unequal = pads.Any(pad => pad > 0);
        return pads;
    }

    public long[] PaddedPrompts(int longest)
    {
        var ids = new long[_rows.Count * longest];
        for (int b = 0; b < _rows.Count; b++)
        {
            int[] prompt = _prompts[_rows[b]];
            for (int t = 0; t < prompt.Length; t++) ids[(b + 1) * longest - prompt.Length + t] = prompt[t];
        }
        return ids;
    }

    public double[] Uniforms(long seed, int step) => _rows.Select(row => CounterRandom.Uniform(seed, _streams[row], step)).ToArray();

    /// <summary>Takes the sampler's [3, B] numbers: id, sampling log-probability, plain log-probability.</summary>
    public void Append(double[] chosen_3B, SamplingOptions options)
    {
        int count = _rows.Count;
        for (int b = 0; b < count; b++)
        {
            int row = _rows[b], id = (int)chosen_3B[b];
            _ids[row].Add(id);
            _samplerLogprobs[row].Add((float)chosen_3B[count + b]);
            _plainLogprobs[row].Add((float)chosen_3B[2 * count + b]);
            if (options.StopIds.Contains(id)) _finish[row] = FinishReason.Stop;
            else if (_ids[row].Count >= (_limits?[row] ?? options.MaxNewTokens)) _finish[row] = FinishReason.Length;
        }
    }

    /// <summary>Drops finished rows; returns the batch rows that stay.</summary>
    public long[] RemoveFinished()
    {
        long[] kept = Enumerable.Range(0, _rows.Count).Where(b => _finish[_rows[b]] is null).Select(b => (long)b).ToArray();
        _rows = _rows.Where(row => _finish[row] is null).ToList();
        return kept;
    }

    public long[] LastIds() => _rows.Select(row => (long)_ids[row][^1]).ToArray();

    public IReadOnlyList<GeneratedSequence> Results() => _prompts
        .Select((_, i) => new GeneratedSequence([.. _ids[i]], [.. _samplerLogprobs[i]], [.. _plainLogprobs[i]], _finish[i] ?? FinishReason.Length))
        .ToArray();
}
