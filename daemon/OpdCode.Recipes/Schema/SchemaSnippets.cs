using System.Text.Json.Nodes;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Schema;

/// <summary>Ready-made pieces that completion offers.</summary>
internal static class SchemaSnippets
{
    /// <summary>A whole recipe, for an empty file.</summary>
    public static JsonArray OfRecipe() => new(
        new JsonObject
        {
            ["label"] = "New recipe: distil from a teacher",
            ["description"] = "The student writes, a teacher model judges every token (reverse KL).",
            ["body"] = new JsonObject
            {
                ["version"] = 1,
                ["student"] = new JsonObject { ["model"] = "${1:../models/student}" },
                ["signal"] = new JsonObject { ["kind"] = "teacher", ["model"] = "${2:../models/teacher}" },
                ["objective"] = new JsonObject { ["kind"] = "divergence", ["divergence"] = "${3:reverse-kl}" },
                ["data"] = new JsonObject { ["train"] = "${4:prompts.jsonl}" },
                ["steps"] = "^${5:100}",
            },
        });

    /// <summary>One piece for each kind, with the settings that have no default.</summary>
    public static JsonArray OfKinds(KindShape kinds, Func<Type, string> describe)
    {
        JsonArray snippets = [];
        foreach ((string name, Type type) in kinds.Kinds)
        {
            JsonObject body = new() { [kinds.Discriminator] = name };
            int stop = 1;
            foreach (SettingShape setting in RecordShape.Of(type).Settings)
            {
                bool hasList = setting.Choices is not null;
                if (!setting.IsRequired && !hasList) continue;
                string text = setting.Default is string chosen ? chosen : setting.Default is Enum named ? EnumShape.Of(named.GetType()).NameOf(named) : "";
                if (setting.Type == typeof(string) || setting.Type.IsEnum) body[setting.Name] = $"${{{stop++}:{text}}}";
                // A caret makes VS Code insert the rest without quotes.
                else if (setting.IsRequired) body[setting.Name] = $"^${{{stop++}}}";
            }
            snippets.Add(new JsonObject { ["label"] = name, ["description"] = describe(type), ["body"] = body });
        }
        return snippets;
    }
}
