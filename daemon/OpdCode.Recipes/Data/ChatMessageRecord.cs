namespace OpdCode.Recipes.Data;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Content">The text.</param>
public sealed record ChatMessageRecord(string Role, string Content);
