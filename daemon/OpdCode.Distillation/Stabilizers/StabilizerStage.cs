namespace OpdCode.Distillation.Stabilizers;

/// <summary>
/// The fixed order in which stabilizers act on the tokens of a step, whatever order a recipe lists them in. Aggregation
/// comes last and belongs to the objective. Every stage with its neutral setting is a bit-exact identity.
/// </summary>
public enum StabilizerStage
{
    /// <summary>Rewards and log-ratios are formed.</summary>
    Signal,

    /// <summary>They are centred or scaled over the batch.</summary>
    Whiten,

    /// <summary>The size of each token's signal is bounded or taken from the likelihood ratio.</summary>
    Magnitude,

    /// <summary>Tokens are weighted by how far they are to be trusted.</summary>
    Gate,

    /// <summary>Tokens are left out.</summary>
    Mask,

    /// <summary>Weights are scaled so that their sum keeps its meaning.</summary>
    Rescale,

    /// <summary>Ratios between policies are bounded.</summary>
    Clip,
}
