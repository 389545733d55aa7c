namespace OpdCode.Protocol;

/// <summary>A rollout as lists show it.</summary>
public sealed record RolloutInfo
{
    /// <summary>The optimizer step.</summary>
    public required int Step { get; init; }

    /// <summary>Position in the step, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The first 200 characters of the prompt.</summary>
    public required string Prompt { get; init; }

    /// <summary>The first 200 characters of the response.</summary>
    public required string Response { get; init; }

    /// <summary>Response tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Whether the answer is right; null when there is nothing to compare.</summary>
    public bool? Correct { get; init; }

    /// <summary><c>stop</c> or <c>length</c>.</summary>
    public required string Finish { get; init; }

    /// <summary>The value that the list is sorted by; null for <c>index</c>.</summary>
    public double? SortValue { get; init; }

    /// <summary>Mean divergence over the trained tokens; null when not recorded.</summary>
    public double? MeanDivergence { get; init; }

    /// <summary>Hash of the prompt: the same in every step that has it again.</summary>
    public required string PromptId { get; init; }
}
