using System.Collections;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Recipes.Reading;
using OpdCode.Recipes.Schema;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Resolving;

/// <summary>Writes out what a recipe means: written values, the method's preset, and every default.</summary>
public static class RecipeResolver
{
    private static readonly JsonSerializerOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Resolves a recipe that was read without errors.</summary>
    /// <param name="reading">What <see cref="RecipeReader"/> gave.</param>
    /// <param name="targetFolder">Where the resolved recipe will lie; its relative paths are rewritten for that folder. Null: beside the recipe.</param>
    /// <exception cref="InvalidOperationException">The reading holds errors.</exception>
    public static ResolvedRecipe Resolve(RecipeReading reading, string? targetFolder = null)
    {
        ArgumentNullException.ThrowIfNull(reading);
        if (reading.Recipe is null) throw new InvalidOperationException("Only a recipe without errors can be resolved.");
        Dictionary<string, string> origins = [];
        Recipe recipe = reading.Recipe with { Name = reading.Recipe.Name ?? reading.DefaultName };
        Walk walk = new(reading, targetFolder, origins);
        JsonObject json = walk.Record(recipe, RecordShape.Of(typeof(Recipe)), null, reading.Root, "");
        return new ResolvedRecipe { Json = json, Origins = origins, Text = Print(json, origins) };
    }

    private static string Print(JsonObject json, Dictionary<string, string> origins)
    {
        System.Text.StringBuilder text = new();
        PrintObject(json, "", "", origins, text);
        return text.Append('\n').ToString();
    }

    private static void PrintObject(JsonObject json, string path, string indent, Dictionary<string, string> origins, System.Text.StringBuilder text)
    {
        text.Append('{');
        int left = json.Count;
        foreach ((string key, JsonNode? value) in json)
        {
            string at = path.Length == 0 ? key : $"{path}.{key}";
            text.Append('\n').Append(indent).Append("  ").Append(JsonSerializer.Serialize(key, s_compact)).Append(": ");
            if (value is JsonObject { Count: > 0 } inner) PrintObject(inner, at, indent + "  ", origins, text);
            else if (value is JsonArray { Count: > 0 } items && items[0] is JsonObject) PrintItems(items, at, indent + "  ", origins, text);
            else text.Append(value is null ? "null" : value.ToJsonString(s_compact));
            if (--left > 0) text.Append(',');
            if (origins.TryGetValue(at, out string? origin) && origin != "written") text.Append(" // ").Append(origin);
        }
        text.Append('\n').Append(indent).Append('}');
    }

    private static void PrintItems(JsonArray items, string path, string indent, Dictionary<string, string> origins, System.Text.StringBuilder text)
    {
        text.Append('[');
        for (int i = 0; i < items.Count; i++)
        {
            text.Append(i == 0 ? "\n" : ",\n").Append(indent).Append("  ");
            PrintObject(items[i]!.AsObject(), $"{path}[{i}]", indent + "  ", origins, text);
        }
        text.Append('\n').Append(indent).Append(']');
    }

    private sealed class Walk(RecipeReading reading, string? targetFolder, Dictionary<string, string> origins)
    {
        public JsonObject Record(object record, RecordShape shape, KindShape? kinds, LocatedValue? node, string path)
        {
            JsonObject json = [];
            if (kinds is not null)
            {
                json[kinds.Discriminator] = kinds.NameOf(shape.Type);
                Note($"{path}.{kinds.Discriminator}", node?.Find(kinds.Discriminator));
            }
            foreach (SettingShape setting in shape.Settings)
            {
                object? value = setting.Property.GetValue(record);
                LocatedValue? at = node?.Find(setting.Name);
                // Nothing is only written where somebody wrote it: it may have turned off what the preset turns on.
                if (value is null && at is null) continue;
                string full = path.Length == 0 ? setting.Name : $"{path}.{setting.Name}";
                json[setting.Name] = Value(value, setting, at, full);
                if (value is not null && IsRecord(setting.Type)) continue;
                Note(full, at);
            }
            return json;
        }

        private static bool IsRecord(Type type) => type.IsClass && type != typeof(string) && type.Assembly == typeof(Recipe).Assembly;

        private void Note(string path, LocatedValue? node) => origins[path] = node?.Origin switch
        {
            ValueOrigin.Written => "written",
            ValueOrigin.Set => "set",
            ValueOrigin.Preset => "preset",
            _ => "default",
        };

        private JsonNode? Value(object? value, SettingShape setting, LocatedValue? node, string path)
        {
            if (value is string text && setting.Path is not null) return Rebase(text);
            if (value is not null and not IEnumerable && IsRecord(value.GetType()))
                return Record(value, RecordShape.Of(value.GetType()), KindShape.Of(setting.ItemType ?? setting.MapValueType ?? setting.Type), node, path);
            if (value is IDictionary map)
            {
                JsonObject json = [];
                foreach (DictionaryEntry entry in map) json[(string)entry.Key] = Value(entry.Value, setting, node?.Find((string)entry.Key), $"{path}.{entry.Key}");
                return json;
            }
            if (value is IEnumerable items and not string)
            {
                JsonArray json = [];
                int i = 0;
                foreach (object? item in items)
                {
                    json.Add(Value(item, setting, node is not null && i < node.Items.Count ? node.Items[i] : null, $"{path}[{i}]"));
                    i++;
                }
                return json;
            }
            return SchemaText.Value(value);
        }

        private string Rebase(string path)
        {
            if (targetFolder is null || Path.IsPathRooted(path)) return path;
            // Forward slashes are understood everywhere; a recipe resolved on Windows stays readable elsewhere.
            return Path.GetRelativePath(Path.GetFullPath(targetFolder), reading.FullPath(path)).Replace('\\', '/');
        }
    }
}
