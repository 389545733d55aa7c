using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Adds KL(teacher‖student) over the teacher's most likely tokens, renormalised, where the teacher is unsure: the student
/// also covers what the teacher offers. Source: EOPD (arXiv 2603.07079), beside its sampled reverse KL; the annealing from
/// forward to reverse KL: SEAD (arXiv 2606.28562), its abstract.
/// </summary>
public sealed record EntropyGatedForwardKlRecipe : StabilizerRecipe
{
    /// <summary>Entropy of the teacher above which it is added.</summary>
    [Range(-1e9, 1e9)]
    [Unit("nats")]
    public double Threshold { get; init; } = 0.8;

    /// <summary>Multiplies the added loss, in the first step where it anneals; 0 turns it off.</summary>
    [Range(0, double.MaxValue)]
    public double Coefficient { get; init; } = 1;

    /// <summary>What the coefficient has become after annealSteps; without those it has no effect.</summary>
    [Range(0, double.MaxValue)]
    public double EndCoefficient { get; init; }

    /// <summary>Steps over which the coefficient goes to endCoefficient; 0: it stays.</summary>
    [Range(0, int.MaxValue)]
    [Unit("steps")]
    public int AnnealSteps { get; init; }

    /// <summary>How it goes there.</summary>
    [Choice("linear", "In a straight line.")]
    [Choice("cosine", "Along half a cosine: slow, fast, slow.")]
    public string Annealing { get; init; } = "linear";

    /// <summary>How many of the teacher's most likely tokens.</summary>
    [Range(2, int.MaxValue)]
    [Unit("tokens")]
    public int TopK { get; init; } = 16;
}
