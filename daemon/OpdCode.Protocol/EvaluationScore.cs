namespace OpdCode.Protocol;

/// <summary>Exact-match accuracy on held-out prompts.</summary>
/// <param name="Accuracy">0 to 1.</param>
/// <param name="N">How many prompts.</param>
public sealed record EvaluationScore(double Accuracy, int N);
