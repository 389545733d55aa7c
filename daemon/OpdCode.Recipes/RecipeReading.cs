using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Reading;

namespace OpdCode.Recipes;

/// <summary>What reading a recipe gave: the recipe, unless it is wrong, and every problem found on the way.</summary>
public sealed record RecipeReading
{
    /// <summary>The recipe with every default filled; null when <see cref="Problems"/> holds an error.</summary>
    public required Recipe? Recipe { get; init; }

    /// <summary>All problems in the order of the file.</summary>
    public required IReadOnlyList<Problem> Problems { get; init; }

    /// <summary>The absolute folder of the recipe: paths in it are relative to this.</summary>
    public required string Folder { get; init; }

    /// <summary>The name of the recipe when it gives none: its file without .opd.json.</summary>
    public required string DefaultName { get; init; }

    /// <summary>The tree that was read, the method's preset included; null when there is none.</summary>
    internal LocatedValue? Root { get; init; }

    /// <summary>Where the lines of the text begin; null when there is no text.</summary>
    internal LineMap? Lines { get; init; }

    /// <summary>The text that was read, without a byte order mark; null when there is none.</summary>
    internal string? Text { get; init; }

    /// <summary>A problem found later (with models and data at hand), placed at its setting in the text.</summary>
    /// <param name="code">One of <see cref="OpdCode.Protocol.ErrorCodes"/>.</param>
    /// <param name="severity">How much it matters.</param>
    /// <param name="path">The setting, for example <c>signal.model</c>.</param>
    /// <param name="message">What, the values seen, and what to do.</param>
    /// <param name="cure">What its fix changes; null where a person must decide.</param>
    public Problem ProblemAt(string code, ProblemSeverity severity, string path, string message, Cure? cure = null)
    {
        ProblemList problems = new(Lines ?? new LineMap(""), Text, Root);
        SettingPlace place = Root is null ? default : SettingPlace.Find(Root, path);
        problems.Add(code, severity, path, place.Start, place.End, message, problems.Fix(cure));
        return problems.InOrder[0];
    }

    /// <summary>This reading with more problems, in the order of the file; without its recipe when one of them is an error.</summary>
    public RecipeReading With(IEnumerable<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        Problem[] all = [.. Problems.Concat(problems).OrderBy(p => p.Line).ThenBy(p => p.Column)];
        return this with { Problems = all, Recipe = Array.Exists(all, p => p.Severity == ProblemSeverity.Error) ? null : Recipe };
    }

    /// <summary>Turns a path of the recipe into an absolute one, whichever slash it was written with.</summary>
    /// <param name="path">A path relative to the recipe, or an absolute one.</param>
    public string FullPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return System.IO.Path.GetFullPath(OperatingSystem.IsWindows() ? path : path.Replace('\\', '/'), Folder);
    }
}
