using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>
/// Who may look at whom in one forward pass. Without a mask: every row starts at position 0, attention is causal,
/// and padding stands at the right end, where no real token can see it.
/// </summary>
public sealed record AttentionPattern
{
    /// <summary>Right-padded or unpadded rows that start at position 0.</summary>
    public static AttentionPattern Causal { get; } = new();

    /// <summary>Position of each new token in its own sequence, int64 [B, T]; null: 0 … T−1 in every row.</summary>
    public torch.Tensor? Positions_BT { get; init; }

    /// <summary>The largest position in <see cref="Positions_BT"/>, plus 1.</summary>
    public int PositionLimit { get; init; }

    /// <summary>true where a new token may attend to a key, bool [B, 1, T, S]; null: causal.</summary>
    public torch.Tensor? Mask_B1TS { get; init; }
}
