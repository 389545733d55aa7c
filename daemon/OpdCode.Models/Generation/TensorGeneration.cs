using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Models.Generation;

/// <summary>
/// Continuous batching with tensors, on any device and in any type. Rows are aligned at their right end (what stands to
/// the left of a row is masked), so that every row appends to the same slot of the cache, and a response that starts
/// later takes a row like any other.
/// </summary>
internal sealed class TensorGeneration : IDisposable
{
    // Of one float32 tensor over rows × vocabulary: 128 MB.
    private const int ElementsPerStep = 32_000_000;
    private const int FewestPlaces = 16, MostPlaces = 256;

    // Leaving and joining copies the cache; a row that stays after its end costs its share of every step. An eighth keeps both small.
    private const int ShareThatLeaves = 8;

    // Prompt tokens, padding included, that are computed at once: bounds the mask and the activations.
    private const int PromptTokensAtOnce = 32_768;

    private readonly Reader[] _readers; // one, or two whose mixture writes
    private readonly double _share;
    private readonly int _vocabularySize;
    private readonly SamplingOptions _options;
    private readonly GeneratedSequence[] _results;
    private readonly Queue<TensorResponse> _waiting;
    private readonly int _places;
    private List<TensorResponse> _batch = []; // row → response

    /// <summary>Takes the prompts; nothing is computed yet.</summary>
    /// <param name="model">The model that writes.</param>
    /// <param name="vocabularySize">Ids from here on are never chosen.</param>
    /// <param name="prompts">One per response.</param>
    /// <param name="streams">Random stream of each response.</param>
    /// <param name="options">Sampling and stopping.</param>
    /// <param name="places">Responses written at a time; null: <see cref="PlacesFor"/>.</param>
    /// <param name="mixed">A second model that reads along, and its share in the mixture that writes; null: the first writes alone.</param>
    public TensorGeneration(
        Decoder model, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options, int? places = null, (Decoder Model, double Share)? mixed = null)
    {
        if (streams.Count != prompts.Count) throw new ArgumentException($"{streams.Count} random streams for {prompts.Count} prompts", nameof(streams));
        (_vocabularySize, _options, _share) = (vocabularySize, options, mixed?.Share ?? 0);
        _readers = mixed is { } second ? [new Reader(model), new Reader(second.Model)] : [new Reader(model)];
        _places = places ?? PlacesFor(vocabularySize);
        _results = new GeneratedSequence[prompts.Count];
        _waiting = new Queue<TensorResponse>(prompts.Select((prompt, i) => new TensorResponse(i, prompt, streams[i], options.Limits?[i] ?? options.MaxNewTokens)));
    }

    /// <summary>Responses written at a time: as many as the memory of a step's logits allows, 16 to 256.</summary>
    public static int PlacesFor(int vocabularySize) => Math.Clamp(ElementsPerStep / vocabularySize, FewestPlaces, MostPlaces);

    /// <summary>Writes all responses.</summary>
    /// <param name="ended">Told of every response as soon as it has ended.</param>
    /// <param name="cancel">Checked between tokens.</param>
    /// <returns>In the order of the prompts.</returns>
    public IReadOnlyList<GeneratedSequence> Run(Action<int, GeneratedSequence>? ended, CancellationToken cancel)
    {
        using var none = torch.no_grad();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            int idle = _batch.Count(row => row.Ended);
            bool enough = idle * ShareThatLeaves >= _batch.Count;
            if (idle == _batch.Count && _waiting.Count == 0) return _results;
            if (idle > 0 && enough) DropEnded();
            if (_batch.Count > 0) foreach (Reader reader in _readers) Read(reader);
            while (enough && _batch.Count < _places && _waiting.Count > 0) Admit();
            foreach (TensorResponse response in Choose())
            {
                _results[response.Place] = response.Result();
                ended?.Invoke(response.Place, _results[response.Place]);
            }
        }
    }

    // Draws the next token of every row; gives those that end with it.
    private List<TensorResponse> Choose()
    {
        torch.Tensor logits_BV = Logits_BV(_readers[0]);
        if (_readers.Length > 1) // log((1 − share)·p + share·q)
            logits_BV = torch.logaddexp(logits_BV.log_softmax(-1) + Math.Log(1 - _share), Logits_BV(_readers[1]).log_softmax(-1) + Math.Log(_share));
        double[] uniforms = [.. _batch.Select(row => CounterRandom.Uniform(_options.Seed, row.Stream, row.Written))];
        double[] chosen_3B = TokenSampler.Sample(logits_BV, uniforms, _options).cpu().data<double>().ToArray(); // the step's one transfer
        int count = _batch.Count;
        var ended = new List<TensorResponse>();
        for (int b = 0; b < count; b++)
        {
            if (_batch[b].Ended) continue; // computed in vain until it leaves
            _batch[b].Append((int)chosen_3B[b], chosen_3B[count + b], chosen_3B[2 * count + b], _options.StopIds);
            if (_batch[b].Ended) ended.Add(_batch[b]);
        }
        return ended;
    }

    private torch.Tensor Logits_BV(Reader reader) => reader.Model.Logits(reader.Last_BD!).narrow(1, 0, _vocabularySize);

    // Computes the newest token of every row.
    private void Read(Reader reader)
    {
        int slot = reader.Cache!.Length;
        torch.Tensor ids_B1 = torch.tensor(_batch.Select(row => (long)row.Last).ToArray(), [_batch.Count, 1], device: Device);
        torch.Tensor pads_B = Pads(_batch, slot, out bool unequal);
        torch.Tensor hidden_B1D = reader.Model.Hidden(ids_B1, new AttentionPattern
        {
            Positions_BT = (slot - pads_B).unsqueeze(1),
            // Of the longest row, not of the slots, which run ahead where rows took turns: some position embeddings depend on the length.
            PositionLimit = _batch.Max(row => row.Read) + 1,
            Mask_B1TS = unequal ? torch.arange(slot + 1, torch.int64, Device).unsqueeze(0).ge(pads_B.unsqueeze(1)).view(_batch.Count, 1, 1, slot + 1) : null,
        }, reader.Cache);
        reader.Keep(hidden_B1D.select(1, 0));
    }

    // Ended rows leave; slots that no row needs any more leave with them.
    private void DropEnded()
    {
        long[] kept = [.. Enumerable.Range(0, _batch.Count).Where(b => !_batch[b].Ended).Select(b => (long)b)];
        _batch = [.. _batch.Where(row => !row.Ended)];
        foreach (Reader reader in _readers)
        {
            if (_batch.Count > 0) reader.Cache!.Select(torch.tensor(kept, device: Device), unused: reader.Cache.Length - _batch.Max(row => row.Read));
            else reader.Forget();
        }
    }

    // Each different prompt is computed once; the responses that share it copy its keys and values.
    private void Admit()
    {
        var places = new Dictionary<int[], long>(new SameIds());
        var joining = new List<TensorResponse>();
        int longest = 0;
        while (_batch.Count + joining.Count < _places && _waiting.TryPeek(out TensorResponse? next))
        {
            bool isNew = !places.ContainsKey(next.Prompt);
            int width = Math.Max(longest, next.Prompt.Length);
            if (isNew && places.Count > 0 && width * (places.Count + 1) > PromptTokensAtOnce) break;
            if (isNew) places.Add(next.Prompt, places.Count);
            longest = width;
            joining.Add(_waiting.Dequeue());
        }
        torch.Tensor placeOfRow_R = torch.tensor(joining.Select(row => places[row.Prompt]).ToArray(), device: Device);
        foreach (Reader reader in _readers)
        {
            // Disposed unless it becomes the reader's: memory may run out on the way, and the process may go on after that.
            using var prefilled = new KeyValueCache(reader.Model.Config, longest + KeyValueCache.Block);
            torch.Tensor last_UD = Prefill(reader.Model, [.. places.Keys], longest, prefilled);
            if (places.Count < joining.Count) prefilled.Select(placeOfRow_R, unused: 0);
            torch.Tensor joined_RD = last_UD.index_select(0, placeOfRow_R);
            if (reader.Cache is null) reader.Cache = prefilled.Give();
            else reader.Cache.Join(prefilled);
            reader.Keep(_batch.Count == 0 ? joined_RD : torch.cat([reader.Last_BD!, joined_RD], 0));
        }
        _batch.AddRange(joining);
    }

    private torch.Tensor Prefill(Decoder model, int[][] prompts_U, int longest, KeyValueCache cache)
    {
        var ids = new long[prompts_U.Length * longest];
        for (int u = 0; u < prompts_U.Length; u++)
            for (int t = 0, at = (u + 1) * longest - prompts_U[u].Length; t < prompts_U[u].Length; t++) ids[at + t] = prompts_U[u][t];
        torch.Tensor ids_UT = torch.tensor(ids, [prompts_U.Length, longest], device: Device);
        if (prompts_U.All(prompt => prompt.Length == longest)) return model.Hidden(ids_UT, AttentionPattern.Causal, cache).select(1, longest - 1);
        torch.Tensor pads_U = torch.tensor(prompts_U.Select(prompt => (long)(longest - prompt.Length)).ToArray(), device: Device);
        torch.Tensor slots_T = torch.arange(longest, torch.int64, Device);
        torch.Tensor real_U1T = slots_T.unsqueeze(0).ge(pads_U.unsqueeze(1)).unsqueeze(1);
        torch.Tensor causal_1TT = slots_T.unsqueeze(0).le(slots_T.unsqueeze(1)).unsqueeze(0);
        torch.Tensor self_1TT = slots_T.unsqueeze(0).eq(slots_T.unsqueeze(1)).unsqueeze(0);
        return model.Hidden(ids_UT, new AttentionPattern
        {
            Positions_BT = (slots_T.unsqueeze(0) - pads_U.unsqueeze(1)).clamp_min_(0),
            PositionLimit = longest,
            // Padding attends to itself: a row of softmax with nothing to see would be NaN.
            Mask_B1TS = real_U1T.logical_and(causal_1TT).logical_or(self_1TT).unsqueeze(1),
        }, cache).select(1, longest - 1);
    }

    // Slots of the cache that lie before a row's first token.
    private torch.Tensor Pads(IReadOnlyList<TensorResponse> rows, int slot, out bool unequal)
    {
        long[] pads = [.. rows.Select(row => (long)(slot - row.Read))];
        unequal = pads.Any(pad => pad > 0);
        return torch.tensor(pads, device: Device);
    }

    private torch.Device Device => _readers[0].Model.Device;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Reader reader in _readers) reader.Forget();
    }

    // A model that reads what is written, as far as it has read.
    private sealed class Reader(Decoder model)
    {
        public Decoder Model => model;

        public KeyValueCache? Cache { get; set; }

        /// <summary>What the next token of each row is drawn from.</summary>
        public torch.Tensor? Last_BD { get; private set; }

        // Outlives the step that made it.
        public void Keep(torch.Tensor last_BD)
        {
            Last_BD?.Dispose();
            Last_BD = last_BD.DetachFromDisposeScope();
        }

        public void Forget()
        {
            Cache?.Dispose();
            Last_BD?.Dispose();
            (Cache, Last_BD) = (null, null);
        }
    }
}
