using OpdCode.Models.Decoding;
using OpdCode.Models.Generation.Cpu;
using OpdCode.Protocol;
using TorchSharp;

namespace OpdCode.Models.Generation;

/// <summary>
/// Writes responses to prompts of unequal lengths. On a processor in float32 by <see cref="CpuGeneration"/>; elsewhere with
/// tensors: prompts aligned at their right end (padding on the left, masked), so that every row appends to the same slot
/// of the cache, and rows that finish leave the batch.
/// </summary>
public static class Generator
{
    // Of one float64 tensor over rows × vocabulary: 256 MB.
    private const int ElementsPerStep = 32_000_000;

    /// <summary>Generates one response per prompt.</summary>
    /// <param name="model">The model that writes.</param>
    /// <param name="vocabularySize">Ids from here on are padding of the head and are never chosen.</param>
    /// <param name="prompts">Token ids of each prompt, at least one each.</param>
    /// <param name="streams">Random stream of each row: the same stream and seed give the same numbers whatever the batch.</param>
    /// <param name="options">Sampling and stopping.</param>
    /// <param name="cancel">Checked between tokens.</param>
    /// <returns>In the order of the prompts.</returns>
    /// <exception cref="OpdException">OPD1202 when a prompt is empty or does not fit the model's context with the response.</exception>
    public static IReadOnlyList<GeneratedSequence> Generate(
        Decoder model, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options, CancellationToken cancel = default)
    {
        if (prompts.Count == 0) return [];
        foreach (int[] prompt in prompts) CheckLength(model.Config, prompt.Length, options.MaxNewTokens);
        if (CpuGeneration.Supports(model, prompts.Max(p => p.Length) + options.MaxNewTokens))
            return CpuGeneration.Run(model, vocabularySize, prompts, streams, options, cancel);
        return GenerateOnTensors(model, vocabularySize, prompts, streams, options, cancel);
    }

    /// <summary>
    /// Generates from the mixture (1 − share)·model + share·other, token by token; both read all that is written (MiniLLM's teacher
    /// mixing, arXiv 2306.08543). Log-probabilities of the result are the mixture's.
    /// </summary>
    /// <param name="model">The model that writes.</param>
    /// <param name="other">The model that is mixed in; it must share the tokens of the first.</param>
    /// <param name="share">Of the other, above 0 and below 1.</param>
    /// <param name="vocabularySize">Ids from here on are padding of the heads and are never chosen.</param>
    /// <param name="prompts">Token ids of each prompt, at least one each; both read the same.</param>
    /// <param name="streams">Random stream of each row.</param>
    /// <param name="options">Sampling (of the mixture) and stopping.</param>
    /// <param name="cancel">Checked between tokens.</param>
    /// <exception cref="OpdException">OPD1202 when a prompt is empty or does not fit one of the contexts with the response.</exception>
    public static IReadOnlyList<GeneratedSequence> GenerateMixed(
        Decoder model, Decoder other, double share, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options, CancellationToken cancel = default)
    {
        if (prompts.Count == 0) return [];
        foreach (int[] prompt in prompts)
        {
            CheckLength(model.Config, prompt.Length, options.MaxNewTokens);
            CheckLength(other.Config, prompt.Length, options.MaxNewTokens);
        }
        return GenerateOnTensors(model, vocabularySize, prompts, streams, options, new MixedIn(other, share), cancel);
    }

    private sealed record MixedIn(Decoder Model, double Share);

    /// <summary>The same with tensors: on any device and in any type.</summary>
    internal static IReadOnlyList<GeneratedSequence> GenerateOnTensors(
        Decoder model, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options, CancellationToken cancel) =>
        GenerateOnTensors(model, vocabularySize, prompts, streams, options, mixed: null, cancel);

    private static IReadOnlyList<GeneratedSequence> GenerateOnTensors(
        Decoder model, int vocabularySize, IReadOnlyList<int[]> prompts, IReadOnlyList<long> streams, SamplingOptions options, MixedIn? mixed, CancellationToken cancel)
    {
        // Streams belong to rows, so cutting a large batch changes no draw; it bounds the [rows, vocabulary] tensors of a step.
        int most = Math.Clamp(ElementsPerStep / vocabularySize, 16, 1024);
        if (prompts.Count > most)
        {
            return Enumerable.Range(0, (prompts.Count + most - 1) / most).SelectMany(part =>
                GenerateOnTensors(model, vocabularySize, prompts.Skip(part * most).Take(most).ToArray(), streams.Skip(part * most).Take(most).ToArray(),
                    options with { Limits = options.Limits?.Skip(part * most).Take(most).ToArray() }, mixed, cancel)).ToArray();
        }
        using var none = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        int longest = prompts.Max(p => p.Length);
        using var cache = new KeyValueCache(model.Config, longest + Math.Min(options.MaxNewTokens, 256));
        using KeyValueCache? mixedCache = mixed is null ? null : new KeyValueCache(mixed.Model.Config, longest + Math.Min(options.MaxNewTokens, 256));
        var rows = new GenerationRows(prompts, streams, options.Limits);

        torch.Tensor last_BD = Prefill(model, prompts, longest, cache);
        torch.Tensor? mixedLast_BM = mixed is null ? null : Prefill(mixed.Model, prompts, longest, mixedCache!);
        torch.Tensor pads_B = torch.tensor(rows.Pads(longest), device: model.Device);
        for (int step = 0; ; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var stepScope = torch.NewDisposeScope();
            torch.Tensor logits_BV = model.Logits(last_BD).narrow(1, 0, vocabularySize);
            if (mixed is not null) logits_BV = LogMixture_BV(logits_BV, mixed.Model.Logits(mixedLast_BM!).narrow(1, 0, vocabularySize), mixed.Share);
            double[] chosen = TokenSampler.Sample(logits_BV, rows.Uniforms(options.Seed, step), options).cpu().data<double>().ToArray();
            rows.Append(chosen, options);
            if (rows.Active == 0) break;
            if (rows.Finished > 0)
            {
                // Leaving rows cost a copy of the cache once; staying rows would cost their share of every later step.
                torch.Tensor kept_R = torch.tensor(rows.RemoveFinished(), device: model.Device);
                cache.Select(kept_R);
                mixedCache?.Select(kept_R);
                pads_B.Dispose();
                pads_B = torch.tensor(rows.Pads(longest), device: model.Device).MoveToOuterDisposeScope();
            }
            last_BD.Dispose();
            last_BD = Step(model, rows, longest + step, pads_B, cache).MoveToOuterDisposeScope();
            if (mixed is null) continue;
            mixedLast_BM!.Dispose();
            mixedLast_BM = Step(mixed.Model, rows, longest + step, pads_B, mixedCache!).MoveToOuterDisposeScope();
        }
        return rows.Results();
    }

    /// <summary>log((1 − share)·p + share·q).</summary>
    private static torch.Tensor LogMixture_BV(torch.Tensor logits_BV, torch.Tensor other_BV, double share) =>
        torch.logaddexp(logits_BV.log_softmax(-1) + Math.Log(1 - share), other_BV.log_softmax(-1) + Math.Log(share));

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

    // Each different prompt is computed once; the rows that share it copy its keys and values.
    private static torch.Tensor Prefill(Decoder model, IReadOnlyList<int[]> prompts, int longest, KeyValueCache cache)
    {
        var places = new Dictionary<int[], long>(new SameIds());
        long[] placeOfRow = prompts.Select(prompt => places.TryGetValue(prompt, out long place) ? place : places[prompt] = places.Count).ToArray();
        int[][] different = places.OrderBy(p => p.Value).Select(p => p.Key).ToArray();
        var rows = new GenerationRows(different, new long[different.Length], null);
        torch.Tensor pads_U = torch.tensor(rows.Pads(longest), device: model.Device);
        torch.Tensor last_UD = Prefill(model, rows, longest, pads_U, cache).select(1, longest - 1);
        if (different.Length == prompts.Count) return last_UD;
        torch.Tensor placeOfRow_B = torch.tensor(placeOfRow, device: model.Device);
        cache.Select(placeOfRow_B);
        return last_UD.index_select(0, placeOfRow_B);
    }

    private static torch.Tensor Prefill(Decoder model, GenerationRows rows, int longest, torch.Tensor pads_B, KeyValueCache cache)
    {
        torch.Tensor ids_BT = torch.tensor(rows.PaddedPrompts(longest), [rows.Active, longest], device: model.Device);
        if (!rows.Unequal) return model.Hidden(ids_BT, AttentionPattern.Causal, cache);
        torch.Tensor slots_T = torch.arange(longest, torch.int64, model.Device);
        torch.Tensor real_B1T = slots_T.unsqueeze(0).ge(pads_B.unsqueeze(1)).unsqueeze(1);
        torch.Tensor causal_1TT = slots_T.unsqueeze(0).le(slots_T.unsqueeze(1)).unsqueeze(0);
        torch.Tensor self_1TT = slots_T.unsqueeze(0).eq(slots_T.unsqueeze(1)).unsqueeze(0);
        return model.Hidden(ids_BT, new AttentionPattern
        {
            Positions_BT = (slots_T.unsqueeze(0) - pads_B.unsqueeze(1)).clamp_min_(0),
            PositionLimit = longest,
            // Padding attends to itself: a row of softmax with nothing to see would be NaN.
            Mask_B1TS = real_B1T.logical_and(causal_1TT).logical_or(self_1TT).unsqueeze(1),
        }, cache);
    }

    private static torch.Tensor Step(Decoder model, GenerationRows rows, int slot, torch.Tensor pads_B, KeyValueCache cache)
    {
        torch.Tensor ids_B1 = torch.tensor(rows.LastIds(), [rows.Active, 1], device: model.Device);
        torch.Tensor? mask_B11S = null;
        if (rows.Unequal)
            mask_B11S = torch.arange(slot + 1, torch.int64, model.Device).unsqueeze(0).ge(pads_B.unsqueeze(1)).view(rows.Active, 1, 1, slot + 1);
        torch.Tensor hidden_B1D = model.Hidden(ids_B1, new AttentionPattern
        {
            Positions_BT = (slot - pads_B).unsqueeze(1),
            PositionLimit = slot + 1,
            Mask_B1TS = mask_B11S,
        }, cache);
        return hidden_B1D.select(1, 0);
    }
}
