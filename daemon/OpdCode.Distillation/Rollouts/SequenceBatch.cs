using OpdCode.Distillation.Training;
using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Distillation.Rollouts;

/// <summary>
/// Prompts and responses of one micro-batch laid end to end, so that no padding is computed, and the places that are
/// trained: the row that predicts response token t of a sequence with P prompt tokens is its position P + t − 1.
/// </summary>
public sealed class SequenceBatch
{
    private SequenceBatch(IReadOnlyList<Rollout> rollouts, PackedSequences packed, torch.Tensor rows_N, torch.Tensor sampled_N, torch.Tensor sequence_N, torch.Tensor? samplerLogprobs_N)
        => (Rollouts, Packed, Rows_N, SampledIds_N, Sequence_N, SamplerLogprobs_N) = (rollouts, packed, rows_N, sampled_N, sequence_N, samplerLogprobs_N);

    /// <summary>The sequences.</summary>
    public IReadOnlyList<Rollout> Rollouts { get; }

    /// <summary>Token ids of the sequences; the last token of each predicts nothing and is left out.</summary>
    public PackedSequences Packed { get; }

    /// <summary>Places in <see cref="Packed"/>, in order of sequence and token, int64 [N].</summary>
    public torch.Tensor Rows_N { get; }

    /// <summary>The response token that each row predicts, int64 [N].</summary>
    public torch.Tensor SampledIds_N { get; }

    /// <summary>The place in <see cref="Rollouts"/> of the sequence that each row comes from, int64 [N].</summary>
    public torch.Tensor Sequence_N { get; }

    /// <summary>Sampling log-probability of each token, float32 [N]; null when an answer was given, not sampled.</summary>
    public torch.Tensor? SamplerLogprobs_N { get; }

    /// <summary>Builds the tensors on a device, into the caller's scope.</summary>
    public static SequenceBatch Create(IReadOnlyList<Rollout> rollouts, torch.Device device)
    {
        PackedSequences packed = PackedSequences.Create(rollouts.Select(Read).ToArray(), device);
        int trained = rollouts.Sum(r => r.ResponseIds.Length);
        long[] rows = new long[trained], sampled = new long[trained], sequence = new long[trained];
        float[]? sampler = rollouts.All(r => r.SamplerLogprobs is not null) ? new float[trained] : null;
        int n = 0;
        for (int b = 0; b < rollouts.Count; b++)
        {
            Rollout rollout = rollouts[b];
            long first = (long)packed.Starts_S[b] + rollout.PromptIds.Length - 1;
            for (int t = 0; t < rollout.ResponseIds.Length; t++, n++)
            {
                rows[n] = first + t;
                sampled[n] = rollout.ResponseIds[t];
                sequence[n] = b;
                if (sampler is not null) sampler[n] = rollout.SamplerLogprobs![t];
            }
        }
        return new SequenceBatch(
            rollouts,
            packed,
            torch.tensor(rows, device: device),
            torch.tensor(sampled, device: device),
            torch.tensor(sequence, device: device),
            sampler is null ? null : torch.tensor(sampler, device: device));
    }

    // What a model must read to judge every response token: a prompt without a response is read whole and judged nowhere.
    private static ReadOnlyMemory<int> Read(Rollout rollout) =>
        rollout.ResponseIds.Length == 0 ? rollout.PromptIds : (int[])[.. rollout.PromptIds, .. rollout.ResponseIds.AsSpan(0, rollout.ResponseIds.Length - 1)];

    /// <summary>The reward of each sequence, float32 [B]; null without rewards.</summary>
    public torch.Tensor? Rewards_B => Rollouts.All(r => r.Reward is not null)
        ? torch.tensor(Rollouts.Select(r => (float)r.Reward!.Value).ToArray(), device: Rows_N.device) : null;

    /// <summary>Whether each row's text was given, not written by the student, bool [N]; null where the student wrote all of it.</summary>
    public torch.Tensor? IsGiven_N => !Rollouts.Any(r => r.IsGiven) ? null
        : torch.tensor(Rollouts.SelectMany(r => Enumerable.Repeat(r.IsGiven, r.ResponseIds.Length)).ToArray(), device: Rows_N.device);

    /// <summary>The group of each sequence, int64 [B].</summary>
    public torch.Tensor Groups_B => torch.tensor(Rollouts.Select(r => (long)r.Group).ToArray(), device: Rows_N.device);

    /// <summary>
    /// Splits a step's rollouts into micro-batches of at most <paramref name="size"/> sequences (0: one batch). Rollouts
    /// with rewards are compared within their group, so a group is never split, even where it is larger than the size.
    /// </summary>
    public static IEnumerable<IReadOnlyList<Rollout>> Split(IReadOnlyList<Rollout> rollouts, int size)
    {
        if (rollouts.Count == 0) return [];
        if (size <= 0 || size >= rollouts.Count) return [rollouts];
        if (rollouts.Any(r => r.Reward is null)) return rollouts.Chunk(size);
        var parts = new List<List<Rollout>> { new() };
        foreach (IGrouping<int, Rollout> group in rollouts.GroupBy(r => r.Group))
        {
            if (parts[^1].Count > 0 && parts[^1].Count + group.Count() > size) parts.Add([]);
            parts[^1].AddRange(group);
        }
        return parts;
    }

    /// <summary>The hidden states of a model at the trained rows: [N, D].</summary>
    public torch.Tensor HiddenRows(Decoder model)
    {
        using StepProfile.Span span = StepProfile.Measure(torch.is_grad_enabled() ? "student forward" : "score");
        return model.Hidden(Packed, Rows_N);
    }
}
