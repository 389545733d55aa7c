using OpdCode.Models.Generation;
using OpdCode.Recipes.Data;

namespace OpdCode.Distillation.Rollouts;

/// <summary>One text to learn from: what the student wrote for a prompt, or (supervised) the answer that was given.</summary>
public sealed record Rollout
{
    /// <summary>The line of the data that it answers; an empty one for text that is from nowhere.</summary>
    public TrainingExample Source { get; init; } = new() { Line = 0 };

    /// <summary>The prompt as the model sees it.</summary>
    public required int[] PromptIds { get; init; }

    /// <summary>The response, the token that ends it included.</summary>
    public required int[] ResponseIds { get; init; }

    /// <summary>log p of each response token under the distribution it was sampled from, nats; null for given answers.</summary>
    public float[]? SamplerLogprobs { get; init; }

    /// <summary>Which responses belong together: the rollouts of one prompt in one step.</summary>
    public int Group { get; init; }

    /// <summary>The recipe's reward of the response; null without rewards.</summary>
    public double? Reward { get; init; }

    /// <summary>What the judge sees before the response; null: the student's own prompt.</summary>
    public int[]? JudgePromptIds { get; init; }

    /// <summary>What the judge sees before the response under each auxiliary context; empty without any.</summary>
    public IReadOnlyList<int[]> AuxiliaryPromptIds { get; init; } = [];

    /// <summary>What the judge sees before the response under the misleading context; null without one.</summary>
    public int[]? ContrastPromptIds { get; init; }

    /// <summary>Who wrote the response.</summary>
    public RolloutWriter Writer { get; init; } = RolloutWriter.Student;

    /// <summary>Whether somebody else than the student wrote the response.</summary>
    public bool IsGiven => Writer != RolloutWriter.Student;

    /// <summary>Why the response ended.</summary>
    public FinishReason Finish { get; init; } = FinishReason.Stop;
}
