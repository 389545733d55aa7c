namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>The answer of <c>opdcode explain</c>.</summary>
/// <param name="Loss">The loss of the step.</param>
/// <param name="Sequences">One entry per sequence of the case.</param>
/// <param name="Notes">What was computed, in words: label, normalizer, and anything that was not used.</param>
public sealed record Explanation(double Loss, IReadOnlyList<ExplainedSequence> Sequences, IReadOnlyList<string> Notes);
