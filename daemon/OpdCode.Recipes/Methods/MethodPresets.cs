using System.Reflection;
using System.Text.Json;

namespace OpdCode.Recipes.Methods;

/// <summary>All methods that a recipe can name. Adding one is adding a JSON file to this folder.</summary>
public static class MethodPresets
{
    private const string Folder = "OpdCode.Recipes.Methods.";

    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>The methods, oldest first.</summary>
    public static IReadOnlyList<MethodPreset> All { get; } = Load();

    /// <summary>The method of a name; null when there is none.</summary>
    public static MethodPreset? Find(string name) => All.FirstOrDefault(m => m.Name == name);

    private static MethodPreset[] Load()
    {
        Assembly assembly = typeof(MethodPresets).Assembly;
        List<MethodPreset> methods = [];
        foreach (string resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal) && n.EndsWith(".json", StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            MethodPreset method = JsonSerializer.Deserialize<MethodPreset>(stream, s_options)!;
            methods.Add(method with { Name = resource[Folder.Length..^".json".Length] });
        }
        return [.. methods.OrderBy(m => m.Year).ThenBy(m => m.Name, StringComparer.Ordinal)];
    }
}
