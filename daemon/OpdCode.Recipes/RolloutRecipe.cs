using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes;

/// <summary>How the student writes.</summary>
public sealed record RolloutRecipe
{
    /// <summary>Prompts per optimizer step (for the supervised objective: examples per step).</summary>
    [Range(1, int.MaxValue)]
    [Unit("prompts")]
    public int PromptsPerStep { get; init; } = 32;

    /// <summary>Rollouts per prompt.</summary>
    [Range(1, int.MaxValue)]
    [Unit("rollouts")]
    public int SamplesPerPrompt { get; init; } = 1;

    /// <summary>The longest response, in tokens.</summary>
    [Range(1, int.MaxValue)]
    [Unit("tokens")]
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Sampling temperature; 0 is greedy. Away from 1 a full-vocabulary loss no longer sees the student's own states.</summary>
    [Range(0, 100.0)]
    public double Temperature { get; init; } = 1;

    /// <summary>Keep only the k most likely tokens when sampling; 0 keeps all.</summary>
    [Range(0, int.MaxValue)]
    [Unit("tokens")]
    public int TopK { get; init; }

    /// <summary>Keep the smallest set of tokens with at least this mass when sampling; 1 keeps all.</summary>
    [Range(0, 1.0, MinimumIsExclusive = true)]
    [Unit("probability")]
    public double TopP { get; init; } = 1;
}
