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
        Walk(root, RecordShape.Of(typeof(Recipe)), "", reading, problems);
        return reading.With(problems.InOrder);
    }

    private static void Walk(LocatedValue node, RecordShape shape, string path, RecipeReading reading, ProblemList problems)
    {
        foreach (LocatedMember member in node.Members)
        {
            if (!shape.ByName.TryGetValue(member.Key, out SettingShape? setting)) continue;
            string at = path.Length == 0 ? member.Key : $"{path}.{member.Key}";
            if (setting.Path is { } kind && member.Value.Text is { Length: > 0 } text) CheckPath(member.Value, kind, text, at, reading, problems);
            else if (setting.ItemType is { } itemType) for (int i = 0; i < member.Value.Items.Count; i++) Enter(member.Value.Items[i], itemType, $"{at}[{i}]", reading, problems);
            else Enter(member.Value, setting.Type, at, reading, problems);
        }
    }

    private static void Enter(LocatedValue node, Type type, string path, RecipeReading reading, ProblemList problems)
    {
        if (!type.IsClass || type.Assembly != typeof(Recipe).Assembly) return;
        if (KindShape.Of(type) is { } kinds)
        {
            if (node.Find(kinds.Discriminator)?.Text is not { } name || kinds.Find(name) is not { } chosen) return;
            type = chosen;
        }
        Walk(node, RecordShape.Of(type), path, reading, problems);
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
