namespace OpdCode.Protocol;

/// <summary>A part of a response.</summary>
/// <param name="Kind"><c>thinking</c>, <c>tool</c> or <c>masked</c>.</param>
/// <param name="Start">UTF-16 code unit of the response.</param>
/// <param name="End">Exclusive.</param>
public sealed record TextSpan(string Kind, int Start, int End);
