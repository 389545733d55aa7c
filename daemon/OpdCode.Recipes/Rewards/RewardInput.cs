namespace OpdCode.Recipes.Rewards;

/// <summary>What a reward may look at.</summary>
/// <param name="Prompt">The prompt, or the last message of the conversation.</param>
/// <param name="Response">What the student wrote.</param>
/// <param name="Answer">The answer column; null when the example has none.</param>
/// <param name="LengthShare">Tokens of the response over those of the longest allowed one, 0 to 1; for length shaping.</param>
public sealed record RewardInput(string Prompt, string Response, string? Answer, double LengthShare = 1);
