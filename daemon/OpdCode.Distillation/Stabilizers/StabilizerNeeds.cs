namespace OpdCode.Distillation.Stabilizers;

/// <summary>What stabilizers ask about tokens; what nobody asks is never computed.</summary>
[Flags]
internal enum StabilizerNeeds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Log-probabilities of the sampled tokens and entropies of both models: one pass over both heads.</summary>
    Models = 1,

    /// <summary>The objective's divergence: the same pass.</summary>
    Divergence = 2,

    /// <summary>The teacher's margin among the student's top tokens: another pass.</summary>
    Margin = 4,

    /// <summary>The text of each token.</summary>
    Texts = 8,

    /// <summary>Where sentences begin.</summary>
    Sentences = 16,

    /// <summary>Where turns begin.</summary>
    Turns = 32,

    /// <summary>The student's entropy, and the Jensen–Shannon divergence of student and teacher, whatever the objective's is.</summary>
    JensenShannon = 64,

    /// <summary>KL(student‖teacher) over the full vocabulary, whatever the objective's divergence is.</summary>
    ReverseKl = 128,

    /// <summary>KL(teacher‖student) over the full vocabulary, whatever the objective's divergence is.</summary>
    ForwardKl = 256,

    /// <summary>Any of the three fixed divergences: each takes a pass, and the first of them fills the columns of <see cref="Models"/>, too.</summary>
    AnyFixedDivergence = JensenShannon | ReverseKl | ForwardKl,
}
