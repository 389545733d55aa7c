using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Adds KL(teacher‖student) over the teacher's most likely tokens, renormalised, where the teacher is unsure: the student
/// also covers what the teacher offers. Source: EOPD (arXiv 2603.07079), beside its sampled reverse KL.
/// </summary>
public sealed record EntropyGatedForwardKlRecipe : StabilizerRecipe
{
    /// <summary>Entropy of the teacher above which it is added.</summary>
    [Range(-1e9, 1e9)]
    [Unit("nats")]
    public double Threshold { get; init; } = 0.8;

    /// <summary>Multiplies the added loss; 0 turns it off.</summary>
    [Range(0, double.MaxValue)]
    public double Coefficient { get; init; } = 1;

    /// <summary>How many of the teacher's most likely tokens.</summary>
    [Range(2, int.MaxValue)]
    [Unit("tokens")]
    public int TopK { get; init; } = 16;
}
