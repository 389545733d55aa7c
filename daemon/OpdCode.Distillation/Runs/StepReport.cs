namespace OpdCode.Distillation.Runs;

/// <summary>What the caller of the loop learns after each step. It reaches the run folder at once, on another thread; <see cref="DistillationSession.Settle"/> waits for it.</summary>
/// <param name="Step">0: the evaluation before training.</param>
/// <param name="Metrics">The step's numbers by name; see metrics.labels.json.</param>
/// <param name="Accuracy">Exact-match accuracy when this step was evaluated, 0 to 1.</param>
public sealed record StepReport(int Step, IReadOnlyDictionary<string, double> Metrics, double? Accuracy);
