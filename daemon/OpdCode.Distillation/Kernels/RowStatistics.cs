namespace OpdCode.Distillation.Kernels;

/// <summary>What makes a row of logits a distribution: p = exp(logit/τ − <paramref name="Largest"/> − <paramref name="LogSum"/>).</summary>
/// <param name="Scale">1/τ.</param>
/// <param name="Largest">The largest logit/τ; NaN where any is.</param>
/// <param name="LogSum">log Σ exp(logit/τ − largest).</param>
/// <param name="Entropy">−Σ p·log p, nats.</param>
internal readonly record struct RowStatistics(float Scale, float Largest, double LogSum, double Entropy)
{
    /// <summary>The smallest logarithm: exp of it is 0 even in float64, and a product with it is finite, so 0 · log 0 is 0 and never NaN.</summary>
    public const float LogFloor = -1e4f;

    /// <summary>log p of one outcome.</summary>
    public float LogProbability(float logit) => MathF.Max(logit * Scale - Largest, LogFloor) - (float)LogSum;
}
