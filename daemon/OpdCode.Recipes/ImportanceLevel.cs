using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>Over what an importance ratio is taken.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImportanceLevel>))]
public enum ImportanceLevel
{
    /// <summary>Each token's own ratio.</summary>
    [JsonStringEnumMemberName("token")] Token,

    /// <summary>The product over the sequence, for all its tokens.</summary>
    [JsonStringEnumMemberName("sequence")] Sequence,

    /// <summary>The geometric mean over the sequence, for all its tokens.</summary>
    [JsonStringEnumMemberName("geometric")] Geometric,
}
