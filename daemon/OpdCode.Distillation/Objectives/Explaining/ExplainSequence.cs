namespace OpdCode.Distillation.Objectives.Explaining;

/// <summary>One sequence of a case: T positions over a vocabulary of V tokens.</summary>
public sealed record ExplainSequence
{
    /// <summary>The student's logits at each position, T rows of V numbers; null (or "-Infinity") is a token that cannot happen.</summary>
    public required double?[][] Student { get; init; }

    /// <summary>The teacher's logits, the same shape; needed by objectives that compare with a teacher.</summary>
    public double?[][]? Teacher { get; init; }

    /// <summary>A base model's logits, the same shape, for an extrapolated target.</summary>
    public double?[][]? Base { get; init; }

    /// <summary>The token that stands at each position, 0 to V − 1; all 0 when absent (divergences do not look at it).</summary>
    public long[]? Sampled { get; init; }

    /// <summary>1 where the position is trained, 0 where not; all 1 when absent.</summary>
    public int[]? Mask { get; init; }

    /// <summary>log p of the tokens under what they were sampled from, nats.</summary>
    public double[]? SamplerLogprobs { get; init; }

    /// <summary>log p of the tokens under the trainer's weights when the inner loop began, nats; the student's own when absent.</summary>
    public double[]? OldLogprobs { get; init; }

    /// <summary>The sequence's reward.</summary>
    public double? Reward { get; init; }

    /// <summary>The name of the group (prompt) that the sequence belongs to; all in one group when absent.</summary>
    public string? Group { get; init; }

    /// <summary>Assistant turns as [from, to) positions, for stabilizers that weigh turns; one turn when absent.</summary>
    public int[][]? Turns { get; init; }

    /// <summary>log p of each token under the teacher with each of K auxiliary contexts, T rows of K numbers, nats, for agreement.</summary>
    public double[][]? ContextLogprobs { get; init; }

    /// <summary>log p of each token under the teacher with a corrupted context, nats, for the contrastive term.</summary>
    public double[]? ContrastLogprobs { get; init; }

    /// <summary>Sentences as [from, to) positions, for stabilizers that release a suffix; cut from <see cref="Texts"/> when absent.</summary>
    public int[][]? Sentences { get; init; }

    /// <summary>The text of each token, for stabilizers that look at digits or words.</summary>
    public string[]? Texts { get; init; }
}
