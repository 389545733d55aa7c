using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Reading;
using OpdCode.Recipes.Rules;

namespace OpdCode.Recipes;

/// <summary>
/// Reads recipes: JSON with comments and trailing commas, camelCase keys. Whatever is wrong is reported with its
/// place, all of it in one go; nothing is ignored in silence.
/// </summary>
public static class RecipeReader
{
    /// <summary>Reads a recipe file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">Settings that win over the file, each <c>path=value</c>; the value is JSON or a bare text.</param>
    /// <returns>The recipe and every problem; a file that cannot be read is a problem too.</returns>
    public static RecipeReading Read(string path, IEnumerable<string>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e is FileNotFoundException or DirectoryNotFoundException
                ? Unreadable(path, ErrorCodes.FileNotFound, $"There is no recipe {path}. Check the name; recipes end with .opd.json.")
                : Unreadable(path, ErrorCodes.FileNotAccessible, $"The recipe {path} cannot be read: {e.Message}");
        }
        return Parse(text, path, overrides);
    }

    /// <summary>Reads a recipe from its text, for example from an editor that has not saved it.</summary>
    /// <param name="text">The recipe.</param>
    /// <param name="path">Where it is, or will be, stored: paths in it are relative to this file's folder.</param>
    /// <param name="overrides">Settings that win over the text, each <c>path=value</c>.</param>
    public static RecipeReading Parse(string text, string path, IEnumerable<string>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(path);
        if (text.StartsWith('\uFEFF')) text = text[1..];
        LineMap lines = new(text);
        JsonTree tree = JsonTree.Parse(text);
        ProblemList problems = new(lines, text, tree.Root);
        if (tree.Error is { } error)
            problems.Add(ErrorCodes.RecipeInvalid, ProblemSeverity.Error, "", tree.ErrorOffset, tree.ErrorOffset + 1, error);
        Recipe? recipe = null;
        if (tree.Root is { } root)
        {
            if (root.Kind == JsonValueKind.Object)
                foreach (string setting in overrides ?? []) Override.Apply(root, setting, problems);
            if (root.Kind == JsonValueKind.Object) PresetMerge.Apply(root);
            recipe = new RecipeBinder(problems).Bind(root);
            if (root.Kind == JsonValueKind.Object) SenseRules.Check(new RuleContext(root, problems, FolderOf(path)));
        }
        return new RecipeReading
        {
            Recipe = problems.HasErrors ? null : recipe,
            Problems = problems.InOrder,
            Folder = FolderOf(path),
            DefaultName = NameOf(path),
            Root = tree.Root,
            Lines = lines,
            Text = text,
        };
    }

    private static RecipeReading Unreadable(string path, string code, string message)
    {
        ProblemList problems = new(new LineMap(""));
        problems.Add(code, ProblemSeverity.Error, "", 0, 0, message);
        return new RecipeReading { Recipe = null, Problems = problems.InOrder, Folder = FolderOf(path), DefaultName = NameOf(path) };
    }

    private static string NameOf(string path)
    {
        string name = Path.GetFileName(path);
        foreach (string ending in new[] { ".opd.json", ".json" })
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase) && name.Length > ending.Length) return name[..^ending.Length];
        return name.Length == 0 ? "recipe" : name;
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? Path.GetPathRoot(Path.GetFullPath(path))!;
}
