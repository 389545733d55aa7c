using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Reading;

namespace OpdCode.Recipes.Rules;

/// <summary>Files that are used for two purposes, and paths that work on one machine only.</summary>
internal static class DataRules
{
    private static readonly JsonSerializerOptions s_plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] s_paths = ["student.model", "signal.model", "data.train", "evaluate.data", "pretraining.data"];

    public static void Check(RuleContext recipe)
    {
        if (recipe.Text("data.train") is { } train && recipe.Text("evaluate.data") is { } heldOut && SamePath(recipe.Folder, train, heldOut))
            recipe.Warn(ErrorCodes.EvaluatesOnTraining, "evaluate.data", $"evaluate.data is the training file ({heldOut}): the score shows what was memorised, not what was learned. Hold prompts out.",
                new Cure("Hold a tenth of the prompts out", new SettingChange("evaluate.data", null), new SettingChange("data.holdOut", "0.1")));
        if (recipe.Has("evaluate") && !recipe.Has("evaluate.data") && recipe.IsComplete("evaluate.data") && recipe.Number("data.holdOut") is 0)
            recipe.Error(ErrorCodes.NothingToEvaluate, "evaluate", "evaluate names no data, and data.holdOut is 0: there is nothing to evaluate on. Add \"data\": \"heldout.jsonl\" to evaluate, or \"holdOut\": 0.1 to data.", Cure.Set("data.holdOut", "0.1"));
        foreach (string path in s_paths)
            if (recipe.Text(path) is { Length: > 0 } value && IsAbsolute(value))
                recipe.Inform(ErrorCodes.PathAbsolute, path, $"{path} is an absolute path: the recipe works on this machine only. Paths relative to the recipe travel with it.",
                    Relative(recipe.Folder, value) is { } relative ? Cure.Set(path, JsonSerializer.Serialize(relative, s_plain)) : null);
        HashSet<string> modules = new(StringComparer.Ordinal);
        IReadOnlyList<LocatedValue> targets = recipe.Items("student.lora.targetModules");
        for (int i = 0; i < targets.Count; i++)
            if (targets[i].Kind == JsonValueKind.String && !modules.Add(targets[i].Text!))
                recipe.Warn(ErrorCodes.SettingIgnored, "student.lora.targetModules", $"student.lora.targetModules names \"{targets[i].Text}\" twice; once is enough.", Cure.Remove($"student.lora.targetModules[{i}]"));
    }

    /// <summary>True when two paths of a recipe lead to the same place. Case counts only where the file system lets it.</summary>
    public static bool SamePath(string folder, string a, string b) =>
        string.Equals(Full(folder, a), Full(folder, b), OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private static string Full(string folder, string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path.Replace('\\', '/'), folder));

    // Null for a path of another system, and for one too far away to travel with the recipe.
    private static string? Relative(string folder, string path)
    {
        if (!Path.IsPathFullyQualified(path)) return null;
        string relative = Path.GetRelativePath(folder, path).Replace('\\', '/');
        return Path.IsPathFullyQualified(relative) || relative.StartsWith("../../../", StringComparison.Ordinal) ? null : relative;
    }

    // Both kinds on both systems: the recipe may have been written on the other one.
    private static bool IsAbsolute(string path) => path[0] is '/' or '\\' || (path.Length > 2 && char.IsAsciiLetter(path[0]) && path[1] == ':' && path[2] is '/' or '\\');
}
