namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>What the loss saw at one position; null where the objective has no such number or the mask is 0.</summary>
public sealed record ExplainedToken
{
    /// <summary>log p_student of the token, nats, temperature 1.</summary>
    public double? StudentLogprob { get; init; }

    /// <summary>log p_teacher of the token, nats, temperature 1.</summary>
    public double? TeacherLogprob { get; init; }

    /// <summary>The objective's divergence before weights.</summary>
    public double? Divergence { get; init; }

    /// <summary>The advantage of the token, positive: made more likely.</summary>
    public double? Advantage { get; init; }

    /// <summary>What the token's loss is multiplied by before the normalizer: weight times importance weight; 0 where masked.</summary>
    public double Weight { get; init; }

    /// <summary>The token's contribution to the loss, weights included, before the normalizer; 0 where masked.</summary>
    public double Loss { get; init; }

    /// <summary>Entropy of the student, nats.</summary>
    public double? StudentEntropy { get; init; }

    /// <summary>Entropy of the teacher, nats.</summary>
    public double? TeacherEntropy { get; init; }

    /// <summary>Student probability inside a truncated support.</summary>
    public double? StudentMass { get; init; }

    /// <summary>Teacher probability inside a truncated support.</summary>
    public double? TeacherMass { get; init; }

    /// <summary>What stabilizers added to the advantage, part of <see cref="Advantage"/>.</summary>
    public double? AdvantageShift { get; init; }

    /// <summary>The token's weight after each stabilizer, by kind, in the order they acted; null without any.</summary>
    public IReadOnlyDictionary<string, double>? Stages { get; init; }

    /// <summary>The losses that stabilizers added, coefficient included, by kind; part of <see cref="Loss"/>.</summary>
    public IReadOnlyDictionary<string, double>? Terms { get; init; }
}
