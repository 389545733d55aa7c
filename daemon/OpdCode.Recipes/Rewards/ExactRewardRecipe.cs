namespace OpdCode.Recipes.Rewards;

/// <summary>1 when the response is the answer column, white space at both ends aside; otherwise 0.</summary>
public sealed record ExactRewardRecipe : RewardRecipe
{
    /// <summary>Upper and lower case are the same.</summary>
    public bool IgnoreCase { get; init; }
}
