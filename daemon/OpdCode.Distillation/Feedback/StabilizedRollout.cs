namespace OpdCode.Distillation.Feedback;

/// <summary>What stabilizers do to a recorded rollout.</summary>
/// <param name="Stages">The weight of each token after each stabilizer that changed one, in the order they act. [T]</param>
/// <param name="Weight">The weight of each token after all of them; 0 where it is not trained on. [T]</param>
/// <param name="AdvantageShift">What they add to the advantage of each token, nats; null: nothing. [T]</param>
/// <param name="Notes">What each did, and what could not be computed from the record, in sentences.</param>
public sealed record StabilizedRollout(IReadOnlyList<(string Name, float[] Weights)> Stages, float[] Weight, float[]? AdvantageShift, IReadOnlyList<string> Notes);
