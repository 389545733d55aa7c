namespace OpdCode.Recipes.Data;

/// <summary>A line of a data file that cannot be read.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Message">File, line, and what is wrong.</param>
public sealed record DataLineProblem(int Line, string Message);
