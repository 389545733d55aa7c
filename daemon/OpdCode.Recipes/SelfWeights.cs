using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>Which weights of the student judge its text.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SelfWeights>))]
public enum SelfWeights
{
    /// <summary>Those the run began with.</summary>
    [JsonStringEnumMemberName("frozen")] Frozen,

    /// <summary>An exponential moving average of those in training.</summary>
    [JsonStringEnumMemberName("ema")] Ema,

    /// <summary>Those in training, as they are at each step.</summary>
    [JsonStringEnumMemberName("live")] Live,
}
