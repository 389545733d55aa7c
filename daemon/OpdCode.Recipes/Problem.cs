namespace OpdCode.Recipes;

/// <summary>One thing that is wrong, doubtful or worth knowing about a recipe, with its place and, where there is one, its cure.</summary>
public sealed record Problem
{
    /// <summary>The stable code, one of <see cref="OpdCode.Protocol.ErrorCodes"/>; each has a page under docs/errors.</summary>
    public required string Code { get; init; }

    /// <summary>Only <see cref="ProblemSeverity.Error"/> keeps a run from starting.</summary>
    public required ProblemSeverity Severity { get; init; }

    /// <summary>The setting, for example <c>objective.beta</c> or <c>stabilizers[0].gamma</c>; empty for the whole recipe.</summary>
    public required string Path { get; init; }

    /// <summary>Line of the first character, counted from 1.</summary>
    public required int Line { get; init; }

    /// <summary>Column of the first character, counted from 1 in UTF-16 code units, as editors count.</summary>
    public required int Column { get; init; }

    /// <summary>Line of the character after the last, counted from 1.</summary>
    public required int EndLine { get; init; }

    /// <summary>Column of the character after the last, counted from 1 in UTF-16 code units.</summary>
    public required int EndColumn { get; init; }

    /// <summary>What, the values seen, and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>An edit of the recipe that cures it; null where a person must decide.</summary>
    public ProblemFix? Fix { get; init; }
}
