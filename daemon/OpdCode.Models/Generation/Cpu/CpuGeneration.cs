using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Models.Generation.Cpu;

/// <summary>
/// Continuous batching on a processor: a fixed number of places; a response that ends gives its place to the next one
/// at once, and prompts are computed beside the tokens of responses that are being written.
/// </summary>
internal sealed unsafe class CpuGeneration : IDisposable
{
    /// <summary>Responses written at a time: enough for full tiles and for weights to be read rarely; 256 are no faster and need more memory.</summary>
    public const int MostPlaces = 128;

    /// <summary>Rows of one pass: places, and room for prompts beside them.</summary>
    public const int MostRows = 256;

    private readonly ThreadTeam _team;
    private readonly CpuDecoder _decoder;
    private readonly CpuSampler[] _samplers;
    private readonly SamplingOptions _options;
    private readonly CpuResponse[] _order; // as started: the responses of a prompt one after another
    private readonly CpuPrompt[] _prompts; // in the order of their first response
    private readonly List<CpuResponse> _writing = [];
    private readonly List<CpuResponse> _choosing = []; // row of the head → response
    private readonly List<(int Row, CpuPrompt Prompt)> _promptEnds = []; // of this pass
    private readonly CpuRow[] _rows;
    private readonly CpuChoice[] _choices;
    private readonly Action<int, int> _choose;
    private readonly int _places;
    private readonly GeneratedSequence[] _results;
    private readonly Action<int, GeneratedSequence>? _ended;
    private int _nextResponse;
    private int _nextPrompt;
    private int _ready; // responses that could start at once

    private CpuGeneration(
        Decoder model, IKernels kernels, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options, Action<int, GeneratedSequence>? ended)
    {
        (_options, _ended, _results) = (options, ended, new GeneratedSequence[prompts.Count]);
        _places = Math.Min(MostPlaces, prompts.Count);
        int longest = prompts.Max(p => p.Length);
        _rows = new CpuRow[Math.Min(MostRows, Math.Max(_places, prompts.Sum(p => p.Length)))];
        _choices = new CpuChoice[_places];
        _team = new ThreadTeam(torch.get_num_threads());
        _decoder = new CpuDecoder(model, kernels, _team, _rows.Length, _places, longest + options.MaxNewTokens);
        _samplers = Enumerable.Range(0, _team.Count).Select(_ => new CpuSampler(kernels, vocabularySize, options)).ToArray();
        _choose = Choose;
        var byIds = new Dictionary<int[], CpuPrompt>(new SameIds());
        var responses = new CpuResponse[prompts.Count];
        for (int i = 0; i < prompts.Count; i++)
        {
            if (!byIds.TryGetValue(prompts[i], out CpuPrompt? prompt)) byIds.Add(prompts[i], prompt = new CpuPrompt(prompts[i], _decoder.Blocks, model.Config.HiddenSize));
            prompt.Waiting++;
            responses[i] = new CpuResponse(i, prompt, streams[i], options.Limits?[i] ?? options.MaxNewTokens);
        }
        _prompts = [.. byIds.Values];
        Dictionary<CpuPrompt, int> places = _prompts.Select((prompt, at) => (prompt, at)).ToDictionary(p => p.prompt, p => p.at);
        _order = [.. responses.OrderBy(response => places[response.Prompt])];
    }

    /// <summary>Whether a model can be generated from here: float32 on a processor with vector instructions and memory for a second copy of the weights.</summary>
    public static bool Supports(Decoder model, int positions) =>
        Kernels.Best is not null && model.Device.type == TorchSharp.DeviceType.CPU && model.Weights.Values_P.dtype == torch.float32 && CpuMemory.Fits(model.Config)
        // Angles that depend on the length of a batch are left to the decoder that trains with them.
        && !(model.Config.Rope.Kind == "dynamic" && positions > model.Config.Rope.OriginalMaxPositions);

    /// <summary>Generates one response per prompt; see <see cref="Generator.Generate"/>.</summary>
    public static IReadOnlyList<GeneratedSequence> Run(
        Decoder model, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options,
        Action<int, GeneratedSequence>? ended, CancellationToken cancel)
    {
        using var none = torch.no_grad();
        using var generation = new CpuGeneration(model, Kernels.Best!, vocabularySize, prompts, streams, options, ended);
        while (generation.Step()) cancel.ThrowIfCancellationRequested();
        return generation._results;
    }

    private bool Step()
    {
        _choosing.Clear();
        int rows = 0;
        foreach (CpuResponse response in _writing)
        {
            response.Sequence!.Reserve(response.LastPosition);
            _rows[rows++] = new CpuRow(response.Sequence, response.LastId, response.LastPosition);
        }
        rows = AddPromptRows(rows);
        if (rows > 0) _decoder.Forward(_rows.AsSpan(0, rows));
        for (int i = 0; i < _writing.Count; i++) Offer(_writing[i], _decoder.Hidden(i));
        foreach ((int row, CpuPrompt prompt) in _promptEnds) _decoder.Hidden(row).CopyTo(prompt.Hidden);
        StartResponses();
        if (_choosing.Count == 0) return true; // the next prompt is longer than a pass
        _decoder.ComputeLogits(_choosing.Count);
        _team.Run(_choosing.Count, _choose);
        for (int i = 0; i < _choosing.Count; i++) _choosing[i].Append(_choices[i], _options);
        foreach (CpuResponse response in _choosing)
        {
            if (!response.Ended) continue;
            response.Dispose();
            _results[response.Place] = response.Result();
            _ended?.Invoke(response.Place, _results[response.Place]);
        }
        _writing.RemoveAll(response => response.Ended);
        return _writing.Count > 0 || _nextResponse < _order.Length;
    }

    // Prompts fill the rows that responses leave free, but only as far as places will be free for what continues them.
    private int AddPromptRows(int rows)
    {
        _promptEnds.Clear();
        while (_nextPrompt < _prompts.Length && rows < _rows.Length && _ready < _places)
        {
            CpuPrompt prompt = _prompts[_nextPrompt];
            for (; !prompt.Ready && rows < _rows.Length; prompt.Done++)
            {
                prompt.Sequence.Reserve(prompt.Done);
                _rows[rows++] = new CpuRow(prompt.Sequence, prompt.Ids[prompt.Done], prompt.Done);
            }
            if (!prompt.Ready) break;
            _promptEnds.Add((rows - 1, prompt));
            _ready += prompt.Waiting;
            _nextPrompt++;
        }
        return rows;
    }

    private void StartResponses()
    {
        while (_writing.Count < _places && _ready > 0)
        {
            CpuResponse response = _order[_nextResponse++];
            _ready--;
            Offer(response, response.Prompt.Hidden);
            response.Start();
            _writing.Add(response);
        }
    }

    private void Offer(CpuResponse response, ReadOnlySpan<float> hidden)
    {
        _decoder.SetHeadInput(_choosing.Count, hidden);
        _choosing.Add(response);
    }

    private void Choose(int row, int worker) =>
        _choices[row] = _samplers[worker].Choose(_decoder.Logits + (long)row * _decoder.LogitsStride, _choosing[row].Uniform(_options.Seed));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CpuSampler sampler in _samplers) sampler.Dispose();
        _decoder.Dispose();
        _team.Dispose();
    }
}
