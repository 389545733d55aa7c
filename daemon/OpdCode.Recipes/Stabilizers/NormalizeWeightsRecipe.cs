namespace OpdCode.Recipes.Stabilizers;

/// <summary>
/// Scales the weights so that a weighted sum becomes a weighted mean: Σ w·l / max(Σ w, 1) in place of Σ w·l / count. Source: UniSD
/// (arXiv 2605.06597) over the sequence; GUI-SD (arXiv 2605.00642) without.
/// </summary>
public sealed record NormalizeWeightsRecipe : StabilizerRecipe
{
    /// <summary>Over what the weights are made to sum to the number of tokens.</summary>
    [Choice("sequence", "Each response: with objective.normalize \"sequences\" UniSD's loss.")]
    [Choice("step", "All tokens of the step.")]
    [Choice("none", "Nothing: off.")]
    public string Over { get; init; } = "sequence";
}
