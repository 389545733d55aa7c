using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>How a prompt becomes token ids.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PromptFormat>))]
public enum PromptFormat
{
    /// <summary>Through the model's chat template, with the generation prompt appended.</summary>
    [JsonStringEnumMemberName("chat")] Chat,

    /// <summary>As it is, with the tokenizer's own special tokens (BOS where it adds one).</summary>
    [JsonStringEnumMemberName("plain")] Plain,
}
