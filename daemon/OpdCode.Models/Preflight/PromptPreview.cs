namespace OpdCode.Models.Preflight;

/// <summary>One prompt as the models read it.</summary>
/// <param name="Student">The student's text: what is tokenized, for both models.</param>
/// <param name="Teacher">The text that the teacher's own template would give; null without teacher or template.</param>
/// <param name="Tokens">Tokens of the student's text.</param>
/// <param name="LongestTokens">Tokens of the longest prompt of the data.</param>
public sealed record PromptPreview(string Student, string? Teacher, int Tokens, int LongestTokens);
