namespace OpdCode.Protocol;

/// <summary>How far a long call is.</summary>
/// <param name="Token">The <c>progressToken</c> that the call was given.</param>
/// <param name="Message">What is being done, a short sentence.</param>
/// <param name="Fraction">0 to 1; null where the end is not known.</param>
public sealed record Progress(string Token, string Message, double? Fraction);
