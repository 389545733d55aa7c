using System.Text.Json.Serialization;

namespace OpdCode.Recipes;

/// <summary>The learning rate after warm-up.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LearningRateSchedule>))]
public enum LearningRateSchedule
{
    /// <summary>Stays at the peak.</summary>
    [JsonStringEnumMemberName("constant")] Constant,

    /// <summary>Falls in a straight line to 0 at the last step.</summary>
    [JsonStringEnumMemberName("linear")] Linear,

    /// <summary>Falls along half a cosine to 0 at the last step.</summary>
    [JsonStringEnumMemberName("cosine")] Cosine,

    /// <summary>Stays at the peak for the first half, then falls in a straight line to 0.</summary>
    [JsonStringEnumMemberName("flat-then-linear")] FlatThenLinear,
}
