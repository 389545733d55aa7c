using OpdCode.Recipes.Stabilizers;

namespace OpdCode.Distillation.Stabilizers.WhatIf;

/// <summary>What other stabilizers would have done.</summary>
/// <param name="Rollouts">In the order of the question.</param>
/// <param name="NotRecomputed">Stabilizers that what is stored does not suffice for; they are not in the weights.</param>
/// <param name="Settings">The numbers of the asked stabilizers, for sliders.</param>
/// <param name="Notes">What each of the others does, and where the answer is an approximation, in words.</param>
public sealed record WhatIfAnswer(IReadOnlyList<WhatIfRollout> Rollouts, IReadOnlyList<WhatIfGap> NotRecomputed, IReadOnlyList<StabilizerSetting> Settings, IReadOnlyList<string> Notes);
