using OpdCode.Distillation.Rollouts;
using OpdCode.Models.Decoding;
using TorchSharp;

namespace OpdCode.Daemon.Bench.Work;

/// <summary>
/// The texts that scoring and training are measured on: eight sequences whose lengths are spread evenly in the
/// logarithm from 16 to 1,024 tokens, as lengths of answers are; a quarter of each, at most 64 tokens, is prompt.
/// </summary>
internal sealed class TrainingInputs
{
    private const int Sequences = 8, Shortest = 16, Longest = 1024;

    /// <summary>Draws the texts; the same for the same vocabulary.</summary>
    /// <param name="vocabulary">Ids are below.</param>
    /// <param name="sets">How many times the eight lengths.</param>
    /// <param name="longest">Tokens of the longest text.</param>
    public TrainingInputs(int vocabulary, int sets = 1, int longest = Longest)
    {
        var random = new Random(7);
        Rollouts = [.. Enumerable.Range(0, sets * Sequences).Select(i => i % Sequences).Select(i => (int)Math.Round(Shortest * Math.Pow((double)longest / Shortest, i / (Sequences - 1.0)))).Select(length =>
        {
            int prompt = Math.Min(length / 4, 64);
            int[] ids = [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
            return new Rollout { PromptIds = ids[..prompt], ResponseIds = ids[prompt..] };
        })];
    }

    /// <summary>The texts.</summary>
    public IReadOnlyList<Rollout> Rollouts { get; }

    /// <summary>Tokens of all texts.</summary>
    public long Tokens => Rollouts.Sum(r => (long)r.PromptIds.Length + r.ResponseIds.Length);

    /// <summary>Response tokens of all texts: those that are judged and trained.</summary>
    public long ResponseTokens => Rollouts.Sum(r => (long)r.ResponseIds.Length);

    /// <summary>The texts as rows of one length, int64 [B, T], padded on the right with token 0.</summary>
    public torch.Tensor PaddedIds_BT()
    {
        int width = Rollouts.Max(r => r.PromptIds.Length + r.ResponseIds.Length);
        long[] ids = [.. Rollouts.SelectMany(r => r.PromptIds.Concat(r.ResponseIds).Select(id => (long)id).Concat(Enumerable.Repeat(0L, width - r.PromptIds.Length - r.ResponseIds.Length)))];
        return torch.tensor(ids, [Rollouts.Count, width]);
    }

    /// <summary>1 where a padded place predicts a response token, float32 [B, T−1].</summary>
    public torch.Tensor PaddedMask_BT()
    {
        int width = Rollouts.Max(r => r.PromptIds.Length + r.ResponseIds.Length) - 1;
        float[] mask = [.. Rollouts.SelectMany(r => Enumerable.Range(0, width).Select(t => t >= r.PromptIds.Length - 1 && t < r.PromptIds.Length - 1 + r.ResponseIds.Length ? 1f : 0))];
        return torch.tensor(mask, [Rollouts.Count, width]);
    }

    /// <summary>Weights that a token passes through in the blocks: what two operations each are needed for.</summary>
    public static long BlockWeights(DecoderConfig config) => config.ParameterCount - ((long)config.VocabularySize * config.HiddenSize * (config.TieEmbeddings ? 1 : 2));
}
