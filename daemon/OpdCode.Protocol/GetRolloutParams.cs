namespace OpdCode.Protocol;

/// <summary>Which rollout, and which part of it.</summary>
public sealed record GetRolloutParams : RunParams
{
    /// <summary>The optimizer step.</summary>
    public required int Step { get; init; }

    /// <summary>Position in the step, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>First token of the page.</summary>
    public int FromToken { get; init; }

    /// <summary>Tokens of the page at most; null: all.</summary>
    public int? Tokens { get; init; }

    /// <summary>Names of the columns wanted; null: all.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>True: the most likely tokens of both models as well; they are most of the bytes.</summary>
    public bool Alternatives { get; init; }
}
