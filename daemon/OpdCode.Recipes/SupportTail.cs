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

    /// <summary>It is dropped: the partial sum is a surrogate, not a divergence, and can be negative.</summary>
    [JsonStringEnumMemberName("none")] None,
}
