using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// The assistant's turns weigh less the further the student has drifted from the teacher: w_k = min((d_1 + ε)/(d_k + ε),
/// 1 + delta), d_k the mean |log S − log T| of turn k. A response of one turn is not changed. Source: SOD (arXiv 2605.07725), its code.
/// </summary>
public sealed record StepWeightRecipe : StabilizerRecipe
{
    /// <summary>How far a turn may weigh above the first.</summary>
    [Range(0, double.MaxValue)]
    public double Delta { get; init; } = 0.2;

    /// <summary>ε. Far above every d_k all weights are 1.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    [Unit("nats")]
    public double Epsilon { get; init; } = 1e-6;
}
