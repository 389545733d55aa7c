namespace OpdCode.Protocol;

/// <summary>A text and what is known about each of its tokens, as aligned arrays of T entries (the page's tokens).</summary>
public sealed record TokenFeedback
{
    /// <summary>The prompt as the student saw it.</summary>
    public required string Prompt { get; init; }

    /// <summary>The whole response, whatever the page.</summary>
    public required string Response { get; init; }

    /// <summary>The known answer or completion; null without one.</summary>
    public string? Reference { get; init; }

    /// <summary>Whether the answer is right; null when there is nothing to compare.</summary>
    public bool? Correct { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, or <c>given</c> for a text that was scored.</summary>
    public required string Finish { get; init; }

    /// <summary>Tokens of the whole response.</summary>
    public required int TotalTokens { get; init; }

    /// <summary>First token of the page.</summary>
    public required int FromToken { get; init; }

    /// <summary>Token ids. [T]</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Each token as text on its own; part of a character shows U+FFFD. [T]</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>Start in <see cref="Response"/>, UTF-16 code units; tokens that share a character share its range. [T]</summary>
    public required IReadOnlyList<int> Starts { get; init; }

    /// <summary>End in <see cref="Response"/>, exclusive. [T]</summary>
    public required IReadOnlyList<int> Ends { get; init; }

    /// <summary>1 where trained on, 0 where not. [T]</summary>
    public required IReadOnlyList<int> Mask { get; init; }

    /// <summary>Numbers a token, by name: <c>logRatio</c>, <c>divergence</c>, <c>studentLogprob</c>, <c>teacherLogprob</c>, <c>studentEntropy</c>, <c>teacherEntropy</c>, <c>advantage</c>, <c>weight</c>, <c>loss</c>, <c>lossShare</c>, <c>teacherRank</c>, <c>stage:NAME</c> … Only what was recorded.</summary>
    public required IReadOnlyList<TokenColumn> Columns { get; init; }

    /// <summary>Most likely tokens of the student, by token; null when not asked for or not recorded. [T][K]</summary>
    public IReadOnlyList<IReadOnlyList<TokenAlternative>>? StudentTop { get; init; }

    /// <summary>Most likely tokens of the teacher, by token; null when not asked for or not recorded. [T][K]</summary>
    public IReadOnlyList<IReadOnlyList<TokenAlternative>>? TeacherTop { get; init; }

    /// <summary>Thinking, tool and prompt spans of the response that can be folded.</summary>
    public required IReadOnlyList<TextSpan> Spans { get; init; }
}
