using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Learns from the share of tokens with the highest score; the others weigh 0 and still count in the mean's denominator, and
/// normalize-weights takes them out. h and d below are min-max normalised over the step, h after everything above its 98 %
/// quantile is cut to it. Source: TIP (arXiv 2604.14084), sections 6 and 7.3, which rounds the share down.
/// </summary>
/// <remarks>Entropy alone cannot tell confident and right from confident and wrong; the default score is high where the student is unsure or the teacher disagrees.</remarks>
public sealed record TokenSelectionRecipe : StabilizerRecipe
{
    /// <summary>The share that is kept, rounded up to whole tokens, of equal scores the earlier token; 1 turns it off. The paper uses 0.5 and 0.2.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    [Unit("share of tokens")]
    public double Share { get; init; } = 0.5;

    /// <summary>The score.</summary>
    [Choice("soft-or", "h + d − h·d: h the student's entropy, d = KL(student‖teacher) over the full vocabulary.")]
    [Choice("overconfident", "KL(teacher‖student)·(1 − h): where the student is sure and the teacher disagrees.")]
    [Choice("student-entropy", "The student's entropy: sees no confident mistake.")]
    [Choice("reverse-kl", "KL(student‖teacher) over the full vocabulary.")]
    [Choice("soft-or-sampled", "soft-or with |log S − log T| of the sampled token as d, for teachers that give no distribution (inferred).")]
    [Choice("log-ratio", "|log S − log T| of the sampled token (inferred).")]
    [Choice("teacher-entropy", "The teacher's entropy; the paper finds that it tells tokens hardly apart.")]
    public string By { get; init; } = "soft-or";

    /// <summary>Of what the share is taken.</summary>
    [Choice("response", "Of each response, as in the paper.")]
    [Choice("step", "Of all tokens of the step: a response may lose all of its tokens (inferred).")]
    public string Over { get; init; } = "response";
}
