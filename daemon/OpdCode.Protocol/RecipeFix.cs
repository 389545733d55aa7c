namespace OpdCode.Protocol;

/// <summary>An edit of a recipe's text.</summary>
/// <param name="Title">What a button says.</param>
/// <param name="Range">What is replaced.</param>
/// <param name="NewText">What takes its place.</param>
public sealed record RecipeFix(string Title, TextRange Range, string NewText);
