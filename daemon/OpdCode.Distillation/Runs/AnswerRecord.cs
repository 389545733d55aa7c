namespace OpdCode.Distillation.Runs;

/// <summary>One line of <c>answers.jsonl</c>: the student's greedy answer to a held-out prompt before and after training.</summary>
public sealed record AnswerRecord
{
    /// <summary>Position in the held-out file, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The question.</summary>
    public required string Prompt { get; init; }

    /// <summary>The known answer, when there is one.</summary>
    public string? Reference { get; init; }

    /// <summary>What the student wrote before the first step.</summary>
    public string? Before { get; init; }

    /// <summary>Whether <see cref="Before"/> was judged correct; null when not judged.</summary>
    public bool? BeforeCorrect { get; init; }

    /// <summary>What the student wrote after the last step; null while the run goes on.</summary>
    public string? After { get; init; }

    /// <summary>Whether <see cref="After"/> was judged correct; null when not judged.</summary>
    public bool? AfterCorrect { get; init; }
}
