namespace OpdCode.Models.Generation;

/// <summary>How tokens are chosen and when a response ends.</summary>
public sealed record SamplingOptions
{
    /// <summary>The longest response, in tokens, stop token included.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>The longest response of each row, from 1 to <see cref="MaxNewTokens"/>; null: that for all.</summary>
    public IReadOnlyList<int>? Limits { get; init; }

    /// <summary>Divides the logits before sampling; 0 is greedy.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Keep only the k most likely tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of most likely tokens whose mass reaches this; 1 keeps all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Ids that end a response; the one that was sampled stays in it.</summary>
    public IReadOnlySet<int> StopIds { get; init; } = new HashSet<int>();

    /// <summary>Seed of the sampling; see <see cref="CounterRandom"/>.</summary>
    public long Seed { get; init; }
}
