namespace OpdCode.Protocol;

/// <summary>One setting in several runs.</summary>
/// <param name="Path">The setting.</param>
/// <param name="Values">JSON text by run; null where the run has no such setting.</param>
public sealed record ComparedSetting(string Path, IReadOnlyList<string?> Values);
