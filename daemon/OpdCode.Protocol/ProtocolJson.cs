using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpdCode.Protocol;

/// <summary>How the records are spelled on the wire; both ends and the golden messages share it.</summary>
public static class ProtocolJson
{
    /// <summary>
    /// camelCase; a member that is null is left out, a null inside of an array stays; text as it is, because it is data
    /// for a program; unknown members are passed over, so that a newer client can ask an older daemon; at most 64 levels deep.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>The same again, for a formatter that adds its own converters.</summary>
    public static JsonSerializerOptions Create() => new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        MaxDepth = 64,
    };
}
