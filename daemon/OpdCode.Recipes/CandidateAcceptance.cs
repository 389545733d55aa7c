using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>When extrapolated weights are taken over.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CandidateAcceptance>))]
public enum CandidateAcceptance
{
    /// <summary>They score higher than the last that were taken.</summary>
    [JsonStringEnumMemberName("greater")] Greater,

    /// <summary>They score at least as high.</summary>
    [JsonStringEnumMemberName("greater-or-equal")] GreaterOrEqual,
}
