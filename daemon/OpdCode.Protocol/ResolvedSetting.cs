namespace OpdCode.Protocol;

/// <summary>One setting of a complete recipe.</summary>
/// <param name="Path">For example <c>objective.beta</c>.</param>
/// <param name="Value">Its value as JSON text.</param>
/// <param name="Origin"><c>written</c>, <c>set</c> (an override), <c>preset</c> or <c>default</c>.</param>
public sealed record ResolvedSetting(string Path, string Value, string Origin);
