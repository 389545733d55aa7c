using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>
/// A pair loss in DPO's form (arXiv 2305.18290): −log σ(β·(chosen − rejected)), each side the log-ratio of student and
/// teacher over a whole sequence. The two sequences of a group with the higher and the lower reward are the pair.
/// </summary>
public sealed record PreferenceObjectiveRecipe : ObjectiveRecipe
{
    /// <summary>How sharply the margin counts, above 0. The paper of PBSD does not give its value; 0.1 is DPO's convention (inferred).</summary>
    [Range(0, double.MaxValue, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 0.1;
}
