using OpdCode.Protocol;
using OpdCode.Recipes.Reading;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Resolving;

/// <summary>Checks that every path of a recipe leads to something. Touches the disk, so it is asked for, not done at each keystroke.</summary>
public static class RecipePaths
{
    /// <summary>The reading with a problem more for each path that leads nowhere; its recipe is null then.</summary>
    public static RecipeReading Check(RecipeReading reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        if (reading.Root is not { } root || reading.Lines is not { } lines) return reading;
        ProblemList problems = new(lines);
        foreach ((string setting, LocatedValue value, RecipePathKind kind) in Walk(root, RecordShape.Of(typeof(Recipe)), ""))
            CheckPath(value, kind, value.Text!, setting, reading, problems);
        return reading.With(problems.InOrder);
    }

    /// <summary>Every path that a recipe names: the setting, the absolute path, and what it must lead to.</summary>
    public static IReadOnlyList<(string Setting, string FullPath, RecipePathKind Kind)> All(RecipeReading reading)
    {
        ArgumentNullException.ThrowIfNull(reading);
        if (reading.Root is not { } root) return [];
        return [.. Walk(root, RecordShape.Of(typeof(Recipe)), "").Select(at => (at.Setting, reading.FullPath(at.Value.Text!), at.Kind))];
    }

    private static IEnumerable<(string Setting, LocatedValue Value, RecipePathKind Kind)> Walk(LocatedValue node, RecordShape shape, string path)
    {
        foreach (LocatedMember member in node.Members)
        {
            if (!shape.ByName.TryGetValue(member.Key, out SettingShape? setting)) continue;
            string at = path.Length == 0 ? member.Key : $"{path}.{member.Key}";
            IEnumerable<(string, LocatedValue, RecipePathKind)> found =
                setting.Path is { } kind && member.Value.Text is { Length: > 0 } ? [(at, member.Value, kind)]
                : setting.ItemType is { } itemType ? member.Value.Items.SelectMany((item, i) => Enter(item, itemType, $"{at}[{i}]"))
                : Enter(member.Value, setting.Type, at);
            foreach ((string, LocatedValue, RecipePathKind) one in found) yield return one;
        }
    }

    private static IEnumerable<(string Setting, LocatedValue Value, RecipePathKind Kind)> Enter(LocatedValue node, Type type, string path)
    {
        if (!type.IsClass || type.Assembly != typeof(Recipe).Assembly) return [];
        if (KindShape.Of(type) is { } kinds)
        {
            if (node.Find(kinds.Discriminator)?.Text is not { } name || kinds.Find(name) is not { } chosen) return [];
            type = chosen;
        }
        return Walk(node, RecordShape.Of(type), path);
    }

    private static void CheckPath(LocatedValue value, RecipePathKind kind, string text, string path, RecipeReading reading, ProblemList problems)
    {
        if (text.Contains('\0', StringComparison.Ordinal)) return; // already refused by the reader
        string full = reading.FullPath(text);
        if (kind == RecipePathKind.ModelFolder)
        {
            if (Directory.Exists(full)) return;
            problems.Error(ErrorCodes.FileNotFound, path, value, File.Exists(full)
                ? $"{path}: {full} is a file; a model is a folder with config.json and tokenizer.json."
                : $"{path}: there is no folder {full}. Paths are relative to the recipe.{Near(full)}");
        }
        else if (!File.Exists(full))
        {
            problems.Error(ErrorCodes.FileNotFound, path, value, Directory.Exists(full)
                ? $"{path}: {full} is a folder; name the file in it."
                : $"{path}: there is no file {full}. Paths are relative to the recipe.{Near(full)}");
        }
    }

    private static string Near(string full)
    {
        string? folder = Path.GetDirectoryName(full);
        if (folder is null || !Directory.Exists(folder)) return "";
        string? near = NearestName.Find(Path.GetFileName(full), Directory.EnumerateFileSystemEntries(folder).Take(1000).Select(e => Path.GetFileName(e)!));
        return near is null ? "" : $" Did you mean \"{near}\"?";
    }
}
