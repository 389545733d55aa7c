using OpdCode.Recipes.Editing;

namespace OpdCode.Recipes.Reading;

/// <summary>Collects problems with their places.</summary>
/// <param name="lines">The lines of the text.</param>
/// <param name="text">The text itself, for fixes that add or remove settings; null: there are none of that kind.</param>
/// <param name="root">Its tree.</param>
internal sealed class ProblemList(LineMap lines, string? text = null, LocatedValue? root = null)
{
    private readonly List<(int Offset, Problem Problem)> _found = [];

    /// <summary>The problems in the order of the file.</summary>
    public IReadOnlyList<Problem> InOrder => [.. _found.OrderBy(f => f.Offset).Select(f => f.Problem)];

    /// <summary>True when one of them keeps the recipe from running.</summary>
    public bool HasErrors => _found.Exists(f => f.Problem.Severity == ProblemSeverity.Error);

    /// <summary>True when a setting is already reported as broken: what it says then means nothing.</summary>
    public bool HasErrorAt(string path) => _found.Exists(f => f.Problem.Severity == ProblemSeverity.Error && f.Problem.Path == path);

    /// <summary>True when a key of the whole recipe is no setting: it may have been meant as one that seems to be missing.</summary>
    public bool HasUnknownRootKey => _found.Exists(f => f.Problem.Code == OpdCode.Protocol.ErrorCodes.UnknownKey && !f.Problem.Path.Contains('.', StringComparison.Ordinal));

    public void Add(string code, ProblemSeverity severity, string path, int start, int end, string message, ProblemFix? fix = null)
    {
        (int line, int column) = lines.Locate(start);
        (int endLine, int endColumn) = lines.Locate(end);
        _found.Add((start, new Problem
        {
            Code = code,
            Severity = severity,
            Path = path,
            Line = line,
            Column = column,
            EndLine = endLine,
            EndColumn = endColumn,
            Message = message,
            Fix = fix,
        }));
    }

    public void Error(string code, string path, LocatedValue at, string message, ProblemFix? fix = null) =>
        Add(code, ProblemSeverity.Error, path, at.Start, at.End, message, fix);

    /// <summary>The edit that writes a new text over a place.</summary>
    public ProblemFix Replace(int start, int end, string newText, string title)
    {
        (int line, int column) = lines.Locate(start);
        (int endLine, int endColumn) = lines.Locate(end);
        return new ProblemFix { Title = title, Line = line, Column = column, EndLine = endLine, EndColumn = endColumn, NewText = newText };
    }

    /// <summary>The edit that changes settings; null where that would not help.</summary>
    public ProblemFix? Fix(Cure? cure) => cure is null || text is null || root is null ? null : CureText.Edit(text, root, lines, cure);

    /// <summary>The edit that takes one of two members with the same key out; null where it is not written.</summary>
    public ProblemFix? RemoveMember(LocatedValue parent, LocatedMember member, string title)
    {
        if (text is null || member.Value.Origin != ValueOrigin.Written || root is not { Kind: System.Text.Json.JsonValueKind.Object }) return null;
        TextEdits edits = new(text, 0);
        edits.RemoveFrom(parent, member.Value);
        return CureText.Between(text, edits.Apply(), lines, title);
    }

    /// <summary>The text of a value as it is written; null where it is not.</summary>
    public string? Written(LocatedValue value) => text is not null && value.Origin == ValueOrigin.Written ? text[value.Start..value.End] : null;

    /// <summary>The edit that writes a new text over a value; null when the value is not written in the recipe.</summary>
    public ProblemFix? Replace(LocatedValue value, string newText) =>
        value.Origin == ValueOrigin.Written ? Replace(value.Start, value.End, newText, $"Replace by {newText}") : null;
}
