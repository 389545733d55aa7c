using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>How much a problem matters.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProblemSeverity>))]
public enum ProblemSeverity
{
    /// <summary>The run would fail or compute something else than the recipe says: it is not started.</summary>
    [JsonStringEnumMemberName("error")] Error,

    /// <summary>The run works, but people were hurt by exactly this before.</summary>
    [JsonStringEnumMemberName("warning")] Warning,

    /// <summary>Worth knowing; nothing to do.</summary>
    [JsonStringEnumMemberName("information")] Information,
}
