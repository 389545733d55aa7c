namespace OpdCode.Recipes.Reading;

/// <summary>Collects problems with their places.</summary>
internal sealed class ProblemList(LineMap lines)
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

    /// <summary>The edit that writes a new text over a value; null when the value is not written in the recipe.</summary>
    public ProblemFix? Replace(LocatedValue value, string newText) =>
        value.Origin == ValueOrigin.Written ? Replace(value.Start, value.End, newText, $"Replace by {newText}") : null;
}
