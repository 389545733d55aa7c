namespace OpdCode.Protocol;

/// <summary>The JSON Schema of recipes.</summary>
/// <param name="Text">The schema as JSON text.</param>
public sealed record RecipeSchema(string Text);
