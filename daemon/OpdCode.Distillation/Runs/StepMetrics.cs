using System.Text.Json.Serialization;

namespace OpdCode.Distillation.Runs;

/// <summary>
/// One line of <c>metrics.jsonl</c>: the numbers of one step, by name, in a flat object beside <c>step</c>. The names
/// are open, because objectives and stabilizers add their own; <c>metrics.labels.json</c> says what each means.
/// </summary>
/// <param name="Step">The optimizer step, from 1; 0 for the evaluation before training.</param>
/// <param name="Values">Every other member that is a number. Not-a-number stays what it is: a curve has a hole there.</param>
[JsonConverter(typeof(StepMetricsConverter))]
public sealed record StepMetrics(int Step, IReadOnlyDictionary<string, double> Values);
