using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// Policy gradient on the sampled token: advantage A = log p_teacher − log p_student (detached), the unbiased
/// one-sample estimate of the gradient of KL(student‖teacher) at each state.
/// </summary>
public sealed record PolicyGradientObjectiveRecipe : ObjectiveRecipe
{
    /// <summary>
    /// k1: A = log(T/S), the estimate of reverse KL. k2: ½·log(S/T)² back-propagated, the same gradient in expectation.
    /// k3 is refused: as a loss it follows the gradient of the forward KL. f:NAME (f:forward-kl, f:jsd, f:chi-squared,
    /// f:reverse-kl, f:total-variation, f:hellinger, f:jeffreys, f:triangular): the advantage of that f-divergence.
    /// </summary>
    [Example("k1")]
    [Example("k2")]
    [Example("f:forward-kl")]
    public string Estimator { get; init; } = "k1";

    /// <summary>Multiplies the advantage.</summary>
    public double Coefficient { get; init; } = 1;

    /// <summary>0: a token answers for its own log-ratio only (the OPD convention). Above 0, to 1: also for later ones, discounted; 1 is the sequence-level KL.</summary>
    [Range(0, 1.0)]
    public double Discount { get; init; }

    /// <summary>Divide the discounted sum by the discounted number of remaining tokens (MiniLLM's length normalisation).</summary>
    public bool LengthNormalize { get; init; }

    /// <summary>Add the exact reverse KL at every state and let the policy gradient start at the next token (MiniLLM's single-step decomposition).</summary>
    public bool SingleStep { get; init; }

    /// <summary>
    /// Share α of the teacher in the mixture α·teacher + (1 − α)·student that writes the rollouts; every token is then weighted by
    /// student/mixture (MiniLLM, α = 0.2). 0: the student writes alone. Needs a teacher model that reads the student's prompt.
    /// </summary>
    [Range(0, 1.0, MaximumIsExclusive = true)]
    [Unit("probability")]
    public double TeacherMix { get; init; }

    /// <summary>Largest absolute log-ratio inside an f:NAME advantage; forward-kl and chi-squared are unbounded without it.</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    [Unit("nats")]
    public double LogRatioClamp { get; init; } = 6;

    /// <summary>PPO's bound on the ratio between the trained and the old student; none when absent.</summary>
    public RatioClipRecipe? Clip { get; init; }

    /// <summary>Correction for a sampler whose probabilities differ from the trainer's; none when absent.</summary>
    public ImportanceRecipe? Importance { get; init; }

    /// <summary>What the sum over tokens is divided by.</summary>
    public LossNormalization Normalize { get; init; } = LossNormalization.Tokens;
}
