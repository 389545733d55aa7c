namespace OpdCode.Protocol;

/// <summary>One token that stands out.</summary>
/// <param name="Step">The optimizer step.</param>
/// <param name="Index">The rollout.</param>
/// <param name="Token">Position in the response.</param>
/// <param name="Text">The token.</param>
/// <param name="Before">Up to 40 characters before it.</param>
/// <param name="After">Up to 40 characters after it.</param>
/// <param name="Value">The value.</param>
public sealed record WorstToken(int Step, int Index, int Token, string Text, string Before, string After, double Value);
