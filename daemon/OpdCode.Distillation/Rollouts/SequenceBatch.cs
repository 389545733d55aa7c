using TorchSharp;

namespace OpdCode.Distillation.Rollouts;

/// <summary>
/// Prompts and responses of one micro-batch as one tensor, padded on the right where nothing can see it, and the places
/// that are trained: the row that predicts response token t of a sequence with P prompt tokens is position P + t − 1.
/// </summary>
public sealed class SequenceBatch
{
    private SequenceBatch(IReadOnlyList<Rollout> rollouts, torch.Tensor ids_BT, torch.Tensor rows_N, torch.Tensor sampled_N, torch.Tensor sequence_N, torch.Tensor? samplerLogprobs_N)
        => (Rollouts, Ids_BT, Rows_N, SampledIds_N, Sequence_N, SamplerLogprobs_N) = (rollouts, ids_BT, rows_N, sampled_N, sequence_N, samplerLogprobs_N);

    /// <summary>The sequences, in row order.</summary>
    public IReadOnlyList<Rollout> Rollouts { get; }

    /// <summary>Token ids, int64 [B, T]; the last token of a sequence predicts nothing and is left out.</summary>
    public torch.Tensor Ids_BT { get; }

    /// <summary>Indices into the flattened [B·T] positions, in order of sequence and token, int64 [N].</summary>
    public torch.Tensor Rows_N { get; }

    /// <summary>The response token that each row predicts, int64 [N].</summary>
    public torch.Tensor SampledIds_N { get; }

    /// <summary>The row of <see cref="Ids_BT"/> that each row comes from, int64 [N].</summary>
    public torch.Tensor Sequence_N { get; }

    /// <summary>Sampling log-probability of each token, float32 [N]; null when an answer was given, not sampled.</summary>
    public torch.Tensor? SamplerLogprobs_N { get; }

    /// <summary>Builds the tensors on a device, into the caller's scope.</summary>
    public static SequenceBatch Create(IReadOnlyList<Rollout> rollouts, torch.Device device)
    {
        int width = rollouts.Max(r => r.PromptIds.Length + r.ResponseIds.Length) - 1;
        int trained = rollouts.Sum(r => r.ResponseIds.Length);
        var ids = new long[rollouts.Count * width];
        long[] rows = new long[trained], sampled = new long[trained], sequence = new long[trained];
        float[]? sampler = rollouts.All(r => r.SamplerLogprobs is not null) ? new float[trained] : null;
        int n = 0;
        for (int b = 0; b < rollouts.Count; b++)
        {
            Rollout rollout = rollouts[b];
            int prompt = rollout.PromptIds.Length;
            for (int t = 0; t < prompt; t++) ids[b * width + t] = rollout.PromptIds[t];
            for (int t = 0; t < rollout.ResponseIds.Length; t++, n++)
            {
                if (prompt + t < width) ids[b * width + prompt + t] = rollout.ResponseIds[t];
                rows[n] = (long)b * width + prompt + t - 1;
                sampled[n] = rollout.ResponseIds[t];
                sequence[n] = b;
                if (sampler is not null) sampler[n] = rollout.SamplerLogprobs![t];
            }
        }
        return new SequenceBatch(
            rollouts,
            torch.tensor(ids, [rollouts.Count, width], device: device),
            torch.tensor(rows, device: device),
            torch.tensor(sampled, device: device),
            torch.tensor(sequence, device: device),
            sampler is null ? null : torch.tensor(sampler, device: device));
    }

    /// <summary>The reward of each sequence, float32 [B]; null without rewards.</summary>
    public torch.Tensor? Rewards_B => Rollouts.All(r => r.Reward is not null)
        ? torch.tensor(Rollouts.Select(r => (float)r.Reward!.Value).ToArray(), device: Ids_BT.device) : null;

    /// <summary>The group of each sequence, int64 [B].</summary>
    public torch.Tensor Groups_B => torch.tensor(Rollouts.Select(r => (long)r.Group).ToArray(), device: Ids_BT.device);

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
    public torch.Tensor HiddenRows(Models.Decoding.Decoder model)
    {
        torch.Tensor hidden_BTD = model.Hidden(Ids_BT, Models.Decoding.AttentionPattern.Causal);
        return hidden_BTD.view(-1, hidden_BTD.shape[2]).index_select(0, Rows_N);
    }
}
