using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace OpdCode.Recipes.Rewards;

/// <summary>One way to score a response: one of the kinds below. Several are added up by their weights.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ExactRewardRecipe), "exact")]
[JsonDerivedType(typeof(NumericRewardRecipe), "numeric")]
[JsonDerivedType(typeof(RegexRewardRecipe), "regex")]
[JsonDerivedType(typeof(JsonSchemaRewardRecipe), "json-schema")]
[JsonDerivedType(typeof(CommandRewardRecipe), "command")]
public abstract record RewardRecipe
{
    /// <summary>Factor of this reward in the sum; negative punishes.</summary>
    [Range(-1e6, 1e6)]
    public double Weight { get; init; } = 1;

    /// <summary>Only what follows the last occurrence of this text is scored, trimmed; the whole response when absent. A response without it scores 0.</summary>
    [MinLength(1)]
    [Example("####")]
    public string? AnswerAfter { get; init; }

    /// <summary>
    /// Length shaping: the reward is multiplied by 1 + bonus·(1 − tokens / longest response), so that short right answers
    /// count more (EGRSD, arXiv 2605.13255, which does not give its bonus). 0: length does not count.
    /// </summary>
    [Range(-1, 1e6)]
    public double LengthBonus { get; init; }
}
