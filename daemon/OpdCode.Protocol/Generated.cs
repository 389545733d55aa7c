namespace OpdCode.Protocol;

/// <summary>What a model wrote.</summary>
/// <param name="Text">The new text alone.</param>
/// <param name="Finish"><c>stop</c> or <c>length</c>.</param>
/// <param name="Tokens">New tokens.</param>
public sealed record Generated(string Text, string Finish, int Tokens);
