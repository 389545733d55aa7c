namespace OpdCode.Protocol;

/// <summary>The text of a recipe.</summary>
/// <param name="Text">JSON with comments.</param>
public sealed record RecipeText(string Text);
