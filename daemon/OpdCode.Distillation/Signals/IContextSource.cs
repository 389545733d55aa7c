using OpdCode.Distillation.Rollouts;
using OpdCode.Distillation.Runs;

namespace OpdCode.Distillation.Signals;

/// <summary>Makes the prompts that a judge sees in the place of the student's.</summary>
internal interface IContextSource
{
    /// <summary>A prompt for each rollout of a step; null where there is none, and the rollout is not learned from.</summary>
    /// <param name="rollouts">All rollouts of the step, scored.</param>
    /// <param name="step">From 1.</param>
    /// <param name="cancel">Checked between tokens where something is written.</param>
    IReadOnlyList<int[]?> Prompts(IReadOnlyList<Rollout> rollouts, int step, CancellationToken cancel);

    /// <summary>What it carries from step to step; null for nothing.</summary>
    IMethodState? State { get; }
}
