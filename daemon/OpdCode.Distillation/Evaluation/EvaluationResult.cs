namespace OpdCode.Distillation.Evaluation;

/// <summary>Greedy answers to the held-out prompts.</summary>
/// <param name="Responses">In the order of the data.</param>
/// <param name="Correct">Whether each matches the known answer exactly.</param>
public sealed record EvaluationResult(IReadOnlyList<string> Responses, IReadOnlyList<bool> Correct)
{
    /// <summary>Exact-match accuracy, 0 to 1.</summary>
    public double Accuracy => Correct.Count == 0 ? 0 : Correct.Count(c => c) / (double)Correct.Count;
}
