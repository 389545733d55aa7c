using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>What the sum over tokens is divided by. Always counted over the whole optimizer step, so micro-batches never change the gradient.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LossNormalization>))]
public enum LossNormalization
{
    /// <summary>The number of trained tokens: every token weighs the same.</summary>
    [JsonStringEnumMemberName("tokens")] Tokens,

    /// <summary>The mean over sequences of each sequence's token mean: every sequence weighs the same, tokens of short ones weigh more.</summary>
    [JsonStringEnumMemberName("sequences")] Sequences,

    /// <summary>Nothing: the plain sum.</summary>
    [JsonStringEnumMemberName("sum")] Sum,
}
