namespace OpdCode.Recipes.Rewards;

/// <summary>The reward of one response.</summary>
/// <param name="Total">Sum of weight × part.</param>
/// <param name="Parts">Each reward before its weight, in the order of the recipe.</param>
public sealed record RewardScore(double Total, IReadOnlyList<double> Parts);
