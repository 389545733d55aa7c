namespace OpdCode.Recipes;

/// <summary>An edit that an editor can apply: the text from start to end becomes <see cref="NewText"/>.</summary>
public sealed record ProblemFix
{
    /// <summary>What a button says, for example <c>Replace by "learningRate"</c>.</summary>
    public required string Title { get; init; }

    /// <summary>Line of the first character replaced, counted from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Column of the first character replaced, counted from 1 in UTF-16 code units.</summary>
    public required int Column { get; init; }

    /// <summary>Line of the character after the last one replaced.</summary>
    public required int EndLine { get; init; }

    /// <summary>Column of the character after the last one replaced.</summary>
    public required int EndColumn { get; init; }

    /// <summary>The text that takes its place.</summary>
    public required string NewText { get; init; }
}
