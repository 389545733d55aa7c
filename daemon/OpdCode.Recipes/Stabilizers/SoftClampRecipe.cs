using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// A token whose divergence d (for the policy gradient: |log T − log S|) is above max weighs max/d: its loss is max and its
/// gradient shrinks but does not vanish. Source: quoted in the survey (arXiv 2604.00626) as SoftClamp.
/// </summary>
public sealed record SoftClampRecipe : StabilizerRecipe
{
    /// <summary>The value from which a token is scaled down.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    [Unit("nats")]
    [Example(5)]
    public required double Max { get; init; }
}
