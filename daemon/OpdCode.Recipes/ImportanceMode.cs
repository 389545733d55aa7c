using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>What happens to an importance ratio outside its bounds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImportanceMode>))]
public enum ImportanceMode
{
    /// <summary>It is set to the bound (TIS).</summary>
    [JsonStringEnumMemberName("truncate")] Truncate,

    /// <summary>The token or sequence weighs 0 (MIS; at the token level IcePop).</summary>
    [JsonStringEnumMemberName("mask")] Mask,
}
