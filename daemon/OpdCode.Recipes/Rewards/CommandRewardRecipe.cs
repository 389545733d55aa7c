using System.ComponentModel.DataAnnotations;

namespace OpdCode.Recipes.Rewards;

/// <summary>
/// Your own program: it gets {"prompt", "response", "answer"} as one line of JSON on stdin and prints the reward as the last
/// line of stdout. It is started once for each response, in the recipe's folder, without a shell.
/// </summary>
public sealed record CommandRewardRecipe : RewardRecipe
{
    /// <summary>The program and its arguments.</summary>
    [MinLength(1)]
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The program is ended after this time and the run stops with OPD1502.</summary>
    [Range(0, 86400.0, MinimumIsExclusive = true)]
    [Unit("seconds")]
    public double TimeLimit { get; init; } = 10;

    /// <summary>The program is ended when its memory, with that of everything it started, grows above this, and the run stops with OPD1502.</summary>
    [Range(1, int.MaxValue)]
    [Unit("megabytes")]
    public int MemoryLimit { get; init; } = 1024;

    /// <summary>How many responses are scored at a time; 0: one for each processor. Raise it for a program that mostly waits, as one that asks a server.</summary>
    [Range(0, 4096)]
    [Unit("programs")]
    public int Parallel { get; init; }

    /// <summary>What a response scores that makes the program fail or break a limit; the run stops there when absent.</summary>
    [Range(-1e6, 1e6)]
    public double? OnFailure { get; init; }
}
