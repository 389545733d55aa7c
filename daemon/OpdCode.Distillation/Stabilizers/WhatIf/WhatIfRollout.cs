namespace OpdCode.Distillation.Stabilizers.WhatIf;

/// <summary>One rollout under other stabilizers; arrays have one entry a response token.</summary>
/// <param name="Index">Its position among the rollouts of the step.</param>
/// <param name="Weight">What each token's loss would have been multiplied with.</param>
/// <param name="Stages">The weights after each stabilizer, by kind, in the order they act.</param>
/// <param name="AdvantageShift">What would have been added to the advantages, nats; null where nothing.</param>
public sealed record WhatIfRollout(int Index, float[] Weight, IReadOnlyDictionary<string, float[]> Stages, float[]? AdvantageShift);
