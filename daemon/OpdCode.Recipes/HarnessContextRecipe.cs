using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>What a harness, run with the student as it is now, puts before the response (OPHSD). A rollout whose harness fails is left out.</summary>
public sealed record HarnessContextRecipe : ContextRecipe
{
    /// <summary>plan-solve, draft-verify, or a JSON file with stages of one's own, relative to the recipe.</summary>
    [MinLength(1)]
    [Example("plan-solve")]
    [Example("draft-verify")]
    public string Harness { get; init; } = "plan-solve";

    /// <summary>The longest text that the student writes in a stage, in tokens; a stage may set a lower limit.</summary>
    [Range(1, int.MaxValue)]
    [Unit("tokens")]
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Sampling temperature of the stages; 0 is greedy.</summary>
    [Range(0, 100.0)]
    public double Temperature { get; init; } = 1;

    /// <summary>A column that is given to the stages as {hint}, for example answer or completion; no hint when absent.</summary>
    [MinLength(1)]
    [Example("answer")]
    public string? Hint { get; init; }
}
