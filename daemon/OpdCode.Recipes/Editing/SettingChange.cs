namespace OpdCode.Recipes.Editing;

/// <summary>One setting of a recipe's text, as it shall be.</summary>
/// <param name="Setting">For example <c>stabilizers[0].gamma</c>.</param>
/// <param name="Value">The value as JSON text; null removes the setting.</param>
public readonly record struct SettingChange(string Setting, string? Value);
