namespace OpdCode.Recipes;

/// <summary>A divergence between student and teacher at every response token.</summary>
public sealed record DivergenceObjectiveRecipe : ObjectiveRecipe
{
    /// <summary>
    /// reverse-kl: KL(student‖teacher); forward-kl: KL(teacher‖student); jsd; skew-forward-kl; skew-reverse-kl; alpha;
    /// total-variation; hellinger (squared); chi-squared; adaptive-kl; entropy-aware.
    /// </summary>
    public string Divergence { get; init; } = "reverse-kl";

    /// <summary>jsd: weight of the teacher in the mixture M = (1−β)·student + β·teacher, 0 &lt; β &lt; 1. The ends are forward-kl and reverse-kl.</summary>
    public double Beta { get; init; } = 0.5;

    /// <summary>
    /// skew-forward-kl, skew-reverse-kl: share λ of the first argument in the mixture, 0 ≤ λ ≤ 1 (0.1 when absent).
    /// alpha: the order α, any number but 0 and 1 (0.5 when absent).
    /// </summary>
    public double? Alpha { get; init; }

    /// <summary>skew-reverse-kl: no gradient through the student inside the mixture, as DistiLLM-2 does.</summary>
    public bool DetachMixture { get; init; }

    /// <summary>adaptive-kl: teacher mass of the tail, 0 &lt; mass &lt; 1.</summary>
    public double Mass { get; init; } = 0.5;

    /// <summary>entropy-aware: forward KL is added where the teacher's entropy is above this many nats.</summary>
    public double EntropyThreshold { get; init; } = 0.8;

    /// <summary>entropy-aware: multiplies the added forward KL, ≥ 0.</summary>
    public double Coefficient { get; init; } = 1;

    /// <summary>entropy-aware: the added forward KL is over the teacher's so many most likely tokens, renormalised.</summary>
    public int TopK { get; init; } = 16;

    /// <summary>Which outcomes are compared: the full vocabulary, or a few tokens.</summary>
    public SupportRecipe Support { get; init; } = new FullSupportRecipe();

    /// <summary>Divides the student's logits inside the loss.</summary>
    public double StudentTemperature { get; init; } = 1;

    /// <summary>Divides the teacher's logits inside the loss.</summary>
    public double TeacherTemperature { get; init; } = 1;

    /// <summary>Multiply the loss by the square of the student's temperature, so that the gradient keeps its size (arXiv 1503.02531). TRL, KDFlow and UniSD do not.</summary>
    public bool TemperatureSquared { get; init; }

    /// <summary>What the sum over tokens is divided by.</summary>
    public LossNormalization Normalize { get; init; } = LossNormalization.Tokens;
}
