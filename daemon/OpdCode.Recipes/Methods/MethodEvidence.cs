using System.Text.Json.Serialization;

namespace OpdCode.Recipes.Methods;

/// <summary>How sure we are that a preset is what its authors ran.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MethodEvidence>))]
public enum MethodEvidence
{
    /// <summary>Read in code that the authors, or the framework they used, published.</summary>
    [JsonStringEnumMemberName("official-code")] OfficialCode,

    /// <summary>Taken from the paper's text.</summary>
    [JsonStringEnumMemberName("paper")] Paper,

    /// <summary>Taken from notes about the paper.</summary>
    [JsonStringEnumMemberName("notes")] Notes,

    /// <summary>Worked out by us where the sources are silent.</summary>
    [JsonStringEnumMemberName("inferred")] Inferred,
}
