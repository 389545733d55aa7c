using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>Whose most likely tokens form a truncated support.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SupportOwner>))]
public enum SupportOwner
{
    /// <summary>The teacher's.</summary>
    [JsonStringEnumMemberName("teacher")] Teacher,

    /// <summary>The student's.</summary>
    [JsonStringEnumMemberName("student")] Student,

    /// <summary>Those of either, each token once.</summary>
    [JsonStringEnumMemberName("union")] Union,
}
