namespace OpdCode.Models.Templates.Jinja;

/// <summary>A token of a template.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; of strings, with escapes resolved.</param>
/// <param name="Line">Counted from 1.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line);
