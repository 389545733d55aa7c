namespace OpdCode.Protocol;

/// <summary>How good a checkpoint is.</summary>
/// <param name="Step">Its step.</param>
/// <param name="Accuracy">0 to 1.</param>
/// <param name="Prompts">How many held-out prompts.</param>
public sealed record CheckpointScore(int Step, double Accuracy, int Prompts);
