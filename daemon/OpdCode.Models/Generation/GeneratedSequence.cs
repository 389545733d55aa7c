namespace OpdCode.Models.Generation;

/// <summary>One response and the log-probabilities of its tokens.</summary>
/// <param name="Ids">The sampled tokens, a stop token included.</param>
/// <param name="SamplerLogprobs">log p of each token under the distribution it was sampled from (temperature, top-k, top-p), nats, ≤ 0; 0 when greedy.</param>
/// <param name="PlainLogprobs">log p of each token under the model itself (temperature 1, all tokens), nats, ≤ 0.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record GeneratedSequence(int[] Ids, float[] SamplerLogprobs, float[] PlainLogprobs, FinishReason Finish);
