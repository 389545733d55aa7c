using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>A divergence between student and teacher at every response token.</summary>
public sealed record DivergenceObjectiveRecipe : ObjectiveRecipe
{
    /// <summary>
    /// reverse-kl: KL(student‖teacher); forward-kl: KL(teacher‖student); jsd; skew-forward-kl; skew-reverse-kl; alpha;
    /// total-variation; hellinger (squared); chi-squared; f-divergence; adaptive-kl; entropy-aware.
    /// </summary>
    [Choice("reverse-kl", "KL(student‖teacher): mode seeking, the usual choice on the student's own text.")]
    [Choice("forward-kl", "KL(teacher‖student): mode covering.")]
    [Choice("jsd", "Jensen–Shannon divergence, the teacher weighted by beta; bounded by ln 2.")]
    [Choice("skew-forward-kl", "KL(teacher‖mixture of both): forward KL that stays finite (DistiLLM).")]
    [Choice("skew-reverse-kl", "KL(student‖mixture of both): reverse KL that stays finite (DistiLLM).")]
    [Choice("alpha", "α-divergence of order alpha: between reverse KL (0) and forward KL (1), and beyond.")]
    [Choice("total-variation", "½·Σ|teacher − student|, from 0 to 1.")]
    [Choice("hellinger", "Squared Hellinger distance, from 0 to 1.")]
    [Choice("chi-squared", "Σ(teacher − student)²/student: very sharp where the student misses mass.")]
    [Choice("f-divergence", "Σ student·f(teacher/student), f named by generator: any of the family, and Jeffreys' and the triangular one.")]
    [Choice("adaptive-kl", "Forward KL on the teacher's head and reverse KL on its tail, by how far apart they are (AKL).")]
    [Choice("entropy-aware", "Reverse KL, plus forward KL where the teacher is unsure (EOPD).")]
    public string Divergence { get; init; } = "reverse-kl";

    /// <summary>jsd: weight of the teacher in the mixture M = (1−β)·student + β·teacher, 0 &lt; β &lt; 1. The ends are forward-kl and reverse-kl.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Beta { get; init; } = 0.5;

    /// <summary>λ of a skewed divergence that names none.</summary>
    public const double UsualSkew = 0.1;

    /// <summary>
    /// skew-forward-kl, skew-reverse-kl: share λ of the first argument in the mixture, 0 ≤ λ ≤ 1 (0.1 when absent).
    /// alpha: the order α, any number but 0 and 1 (0.5 when absent).
    /// </summary>
    [Example(0.1)]
    public double? Alpha { get; init; }

    /// <summary>skew-reverse-kl: no gradient through the student inside the mixture, as DistiLLM-2 does.</summary>
    public bool DetachMixture { get; init; }

    /// <summary>adaptive-kl: teacher mass of the tail, 0 &lt; mass &lt; 1.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    [Unit("probability")]
    public double Mass { get; init; } = 0.5;

    /// <summary>f-divergence: the convex f. The policy gradient knows the same names, as estimators f:NAME.</summary>
    [Choice("jeffreys", "KL(teacher‖student) + KL(student‖teacher).")]
    [Choice("triangular", "½·Σ(teacher − student)²/(teacher + student), from 0 to 1 (Vincze and Le Cam).")]
    [Choice("forward-kl", "As the divergence of that name, which is faster and exacter.")]
    [Choice("reverse-kl", "As the divergence of that name, which is faster and exacter.")]
    [Choice("jsd", "As the divergence of that name with beta 0.5, which is faster and exacter.")]
    [Choice("total-variation", "As the divergence of that name, which is faster and exacter.")]
    [Choice("hellinger", "As the divergence of that name, which is faster and exacter.")]
    [Choice("chi-squared", "As the divergence of that name, which is faster and exacter.")]
    public string Generator { get; init; } = "jeffreys";

    /// <summary>entropy-aware: forward KL is added where the teacher's entropy is above this many nats.</summary>
    [Unit("nats")]
    public double EntropyThreshold { get; init; } = 0.8;

    /// <summary>entropy-aware: multiplies the added forward KL, ≥ 0.</summary>
    [Range(0, double.MaxValue)]
    public double Coefficient { get; init; } = 1;

    /// <summary>entropy-aware: the added forward KL is over the teacher's so many most likely tokens, renormalised.</summary>
    [Range(2, int.MaxValue)]
    [Unit("tokens")]
    public int TopK { get; init; } = 16;

    /// <summary>Which outcomes are compared: the full vocabulary, or a few tokens.</summary>
    public SupportRecipe Support { get; init; } = new FullSupportRecipe();

    /// <summary>Divides the student's logits inside the loss.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    public double StudentTemperature { get; init; } = 1;

    /// <summary>Divides the teacher's logits inside the loss.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    public double TeacherTemperature { get; init; } = 1;

    /// <summary>Multiply the loss by the square of the student's temperature, so that the gradient keeps its size (arXiv 1503.02531). TRL, KDFlow and UniSD do not.</summary>
    public bool TemperatureSquared { get; init; }

    /// <summary>What the sum over tokens is divided by.</summary>
    public LossNormalization Normalize { get; init; } = LossNormalization.Tokens;
}
