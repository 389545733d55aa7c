using TorchSharp;

namespace OpdCode.Models.Decoding;

/// <summary>Neighbours in a pack whose attention is computed in one call: all of one length, or padded to the longest of them.</summary>
/// <param name="Tokens">Tokens of all its sequences.</param>
/// <param name="Sequences">How many sequences.</param>
/// <param name="Length">The longest.</param>
/// <param name="Spread_P">For each padded place [Sequences · Length], the bucket's token that stands there, int64; null where all have one length.</param>
/// <param name="Kept_T">For each token of the bucket, its padded place, int64; null where all have one length.</param>
internal sealed record AttentionBucket(long Tokens, long Sequences, long Length, torch.Tensor? Spread_P, torch.Tensor? Kept_T);
