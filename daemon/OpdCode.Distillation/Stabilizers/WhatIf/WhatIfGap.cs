namespace OpdCode.Distillation.Stabilizers.WhatIf;

/// <summary>A stabilizer that cannot be recomputed from stored rollouts.</summary>
/// <param name="Name">Its kind.</param>
/// <param name="Why">What is missing and, where there is a way, what to record next time.</param>
public sealed record WhatIfGap(string Name, string Why);
