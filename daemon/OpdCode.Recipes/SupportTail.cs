using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>What happens to the probability outside a truncated support.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SupportTail>))]
public enum SupportTail
{
    /// <summary>One more outcome holds it all: a divergence, never above the full one.</summary>
    [JsonStringEnumMemberName("bucket")] Bucket,

    /// <summary>Both models are renormalised on the support: a divergence of conditionals; mass that moves out of the support is not seen.</summary>
    [JsonStringEnumMemberName("renormalize")] Renormalize,

    /// <summary>
    /// The teacher alone is renormalised on the support, the student stays whole: forward KL from the teacher's conditional, which is the
    /// cross-entropy of SDFT less a constant. Not 0 for equal models: it pulls the student into the support.
    /// </summary>
    [JsonStringEnumMemberName("renormalize-teacher")] RenormalizeTeacher,

    /// <summary>It is dropped: the partial sum is a surrogate, not a divergence, and can be negative.</summary>
    [JsonStringEnumMemberName("none")] None,
}
