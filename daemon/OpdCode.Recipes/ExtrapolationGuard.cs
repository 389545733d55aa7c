using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>What is done where extrapolation goes beyond what a position's clip allows.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ExtrapolationGuard>))]
public enum ExtrapolationGuard
{
    /// <summary>λ* is measured and shown; λ stays.</summary>
    [JsonStringEnumMemberName("report")] Report,

    /// <summary>λ is held below the step's quantile of λ*, never below 1. Every rollout is scored twice for it.</summary>
    [JsonStringEnumMemberName("cap")] Cap,
}
