namespace OpdCode.Protocol;

/// <summary>A token that a model could have chosen.</summary>
/// <param name="Id">The token.</param>
/// <param name="Text">As text.</param>
/// <param name="Logprob">Its log-probability, nats; null when -∞.</param>
public sealed record TokenAlternative(int Id, string Text, double? Logprob);
