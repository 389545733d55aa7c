using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// Sequences laid end to end in one row, so that no padding is computed. Attention never crosses from one sequence to
/// the next, and the positions of each count from 0.
/// </summary>
/// <remarks>
/// Everything but attention sees one long row of tokens. Attention is called once for neighbours of one length, or of
/// nearly one length where they are so short that a call costs more than a little padding; so they are laid longest first.
/// Suffixes: S sequences, T tokens of the pack.
/// </remarks>
public sealed class PackedSequences
{
    // From this length on, attention over padding costs more than a call of its own.
    private const int OwnCallLength = 128;

    private PackedSequences(torch.Tensor ids_T, torch.Tensor positions_T, int longest, int[] starts_S, AttentionBucket[] buckets)
        => (Ids_T, Positions_T, Longest, Starts_S, Buckets) = (ids_T, positions_T, longest, starts_S, buckets);

    /// <summary>Token ids of all sequences, int64 [T].</summary>
    public torch.Tensor Ids_T { get; }

    /// <summary>Position of each token in its own sequence, int64 [T].</summary>
    public torch.Tensor Positions_T { get; }

    /// <summary>Tokens of the longest sequence.</summary>
    public int Longest { get; }

    /// <summary>The place in the pack of each sequence's first token, in the order in which they were given.</summary>
    public IReadOnlyList<int> Starts_S { get; }

    /// <summary>The calls of attention, in the order of the pack.</summary>
    internal IReadOnlyList<AttentionBucket> Buckets { get; }

    /// <summary>Lays sequences end to end, into the caller's scope.</summary>
    /// <param name="sequences_S">Token ids; each at least one token.</param>
    /// <param name="device">Where the tensors live.</param>
    public static PackedSequences Create(IReadOnlyList<ReadOnlyMemory<int>> sequences_S, torch.Device device)
    {
        int[] order = Enumerable.Range(0, sequences_S.Count).OrderByDescending(i => sequences_S[i].Length).ToArray(); // stable
        int total = sequences_S.Sum(s => s.Length);
        long[] ids = new long[total], positions = new long[total];
        int[] starts = new int[sequences_S.Count];
        int at = 0;
        foreach (int i in order)
        {
            if (sequences_S[i].IsEmpty) throw new ArgumentException($"Sequence {i} is empty.", nameof(sequences_S));
            starts[i] = at;
            foreach (int id in sequences_S[i].Span) ids[at++] = id;
            for (int t = 0; t < sequences_S[i].Length; t++) positions[starts[i] + t] = t;
        }
        int[] lengths = order.Select(i => sequences_S[i].Length).ToArray();
        return new PackedSequences(torch.tensor(ids, device: device), torch.tensor(positions, device: device), lengths[0], starts, Cut(lengths, device).ToArray());
    }

    private static IEnumerable<AttentionBucket> Cut(int[] lengths, torch.Device device)
    {
        for (int first = 0, next; first < lengths.Length; first = next)
        {
            int longest = lengths[first];
            int shortest = longest >= OwnCallLength ? longest : Math.Min(longest * 3 / 4, Math.Max(1, longest - 8));
            for (next = first + 1; next < lengths.Length && lengths[next] >= shortest;) next++;
            yield return Bucket(lengths.AsSpan(first, next - first), device);
        }
    }

    private static AttentionBucket Bucket(ReadOnlySpan<int> lengths, torch.Device device)
    {
        int longest = lengths[0], tokens = 0;
        foreach (int length in lengths) tokens += length;
        if (lengths[^1] == longest) return new AttentionBucket(tokens, lengths.Length, longest, null, null);
        var spread = new long[lengths.Length * longest];
        var kept = new long[tokens];
        for (int s = 0, at = 0; s < lengths.Length; s++)
        {
            for (int t = 0; t < longest; t++)
            {
                // Behind a shorter sequence stands its last token again: no real token can see it.
                spread[s * longest + t] = at + Math.Min(t, lengths[s] - 1);
                if (t < lengths[s]) kept[at + t] = s * longest + t;
            }
            at += lengths[s];
        }
        return new AttentionBucket(tokens, lengths.Length, longest, torch.tensor(spread, device: device), torch.tensor(kept, device: device));
    }
}
