using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Rewards;

/// <summary>1 when the pattern matches somewhere in the response; otherwise 0.</summary>
public sealed record RegexRewardRecipe : RewardRecipe
{
    /// <summary>A .NET regular expression; ^ and $ stand for the ends of the response. A match that takes longer than a second scores 0.</summary>
    [MinLength(1)]
    [Example("^\\s*<answer>[^<]+</answer>\\s*$")]
    public required string Pattern { get; init; }
}
