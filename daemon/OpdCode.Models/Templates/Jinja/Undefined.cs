namespace OpdCode.Models.Templates.Jinja;

/// <summary>The value of what is not there: prints as nothing, is false, and cannot be looked into.</summary>
internal sealed record Undefined(string Name);
