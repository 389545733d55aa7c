using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Schema;

/// <summary>
/// Writes the JSON Schema (draft-07) of recipes from the records, with the keywords that VS Code's JSON support adds
/// (markdownDescription, enumDescriptions, defaultSnippets). The committed file is <c>extension/schemas/recipe.schema.json</c>.
/// </summary>
public sealed class RecipeSchema
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly XmlDocs _docs = XmlDocs.Load(typeof(Recipe).Assembly);
    private readonly SortedDictionary<string, JsonNode> _definitions = new(StringComparer.Ordinal);

    private RecipeSchema()
    {
    }

    /// <summary>The schema as text, two spaces to a level, ending with a line feed.</summary>
    /// <exception cref="FileNotFoundException">The assembly's documentation file is not beside it.</exception>
    public static string Generate() => new RecipeSchema().Write() + "\n";

    private string Write()
    {
        JsonObject root = new()
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#",
            ["$comment"] = "Generated from the records in daemon/OpdCode.Recipes; do not edit. RecipeSchemaTests says how to write it anew.",
            ["title"] = "OpdCode recipe",
            ["allowComments"] = true,
            ["allowTrailingCommas"] = true,
        };
        Fill(root, RecordShape.Of(typeof(Recipe)), null);
        root["defaultSnippets"] = SchemaSnippets.OfRecipe();
        JsonObject definitions = [];
        foreach ((string name, JsonNode definition) in _definitions) definitions[name] = definition;
        root["definitions"] = definitions;
        return root.ToJsonString(s_indented);
    }

    private void Fill(JsonObject schema, RecordShape shape, (KindShape Kinds, string Value)? kind)
    {
        Describe(schema, _docs.Of(shape.Type), null);
        schema["type"] = "object";
        JsonArray required = [];
        JsonObject properties = [];
        if (shape.Type == typeof(Recipe)) properties["$schema"] = new JsonObject { ["type"] = "string", ["doNotSuggest"] = true };
        if (kind is { } chosen)
        {
            required.Add(chosen.Kinds.Discriminator);
            properties[chosen.Kinds.Discriminator] = new JsonObject
            {
                ["const"] = chosen.Value,
                ["title"] = "Kind",
                ["description"] = SchemaText.Plain(_docs.Of(shape.Type)),
                // For a wrong kind the engine names only the alternative it likes best; this names them all.
                ["errorMessage"] = $"This must be one of {string.Join(", ", chosen.Kinds.Kinds.Select(k => $"\"{k.Name}\""))}.",
            };
        }
        foreach (SettingShape setting in shape.Settings)
        {
            // A method's preset brings the objective along.
            if (setting.IsRequired && !(shape.Type == typeof(Recipe) && setting.Name == "objective")) required.Add(setting.Name);
            properties[setting.Name] = Of(setting);
        }
        if (required.Count > 0) schema["required"] = required;
        if (shape.Type == typeof(Recipe))
            schema["anyOf"] = new JsonArray(new JsonObject { ["required"] = new JsonArray("objective") }, new JsonObject { ["required"] = new JsonArray("method") });
        schema["properties"] = properties;
        schema["additionalProperties"] = false;
    }

    private JsonObject Of(SettingShape setting)
    {
        JsonObject schema = new() { ["title"] = SchemaText.Title(setting.Name) };
        Describe(schema, _docs.Of(setting.Property), setting);
        if (setting.ItemType is { } itemType)
        {
            schema["type"] = TypeName("array", setting);
            if (setting.MinLength > 0) schema["minItems"] = setting.MinLength;
            schema["items"] = OfValue(itemType, setting, isItem: true);
        }
        else if (setting.MapValueType is { } valueType)
        {
            schema["type"] = TypeName("object", setting);
            schema["additionalProperties"] = OfValue(valueType, SettingShape.Anything, isItem: true);
        }
        else
        {
            foreach ((string key, JsonNode? value) in OfValue(setting.Type, setting, isItem: false).ToArray())
            {
                if (key == "description" && schema.ContainsKey(key)) continue;
                if (key == "markdownDescription" && schema.ContainsKey(key)) continue;
                schema[key] = value?.DeepClone();
            }
        }
        if (!setting.IsRequired && SchemaText.Default(setting) is { } @default) schema["default"] = @default;
        JsonArray examples = [.. setting.Property.GetCustomAttributes<ExampleAttribute>().Select(e => SchemaText.Value(e.Value))];
        if (examples.Count > 0) schema["examples"] = examples;
        return schema;
    }

    private JsonObject OfValue(Type type, SettingShape setting, bool isItem)
    {
        JsonObject schema = [];
        if (type == typeof(string) || type.IsEnum) FillText(schema, type, setting, isItem);
        else if (type == typeof(bool)) schema["type"] = TypeName("boolean", setting, isItem);
        else if (type == typeof(int) || type == typeof(long) || type == typeof(double)) FillNumber(schema, type, setting, isItem);
        else if (KindShape.Of(type) is { } kinds) FillKinds(schema, kinds, setting.IsNullable && !isItem);
        else
        {
            Fill(schema, RecordShape.Of(type), null);
            schema["type"] = TypeName("object", setting, isItem);
        }
        return schema;
    }

    private void FillText(JsonObject schema, Type type, SettingShape setting, bool isItem)
    {
        schema["type"] = TypeName("string", setting, isItem);
        if (setting.Choices is { } choices)
        {
            schema["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c), .. setting.IsNullable && !isItem ? new JsonNode?[] { null } : []]);
            string[] descriptions = type.IsEnum
                ? [.. EnumShape.Of(type).Fields.Select(f => _docs.Of(f.Field))]
                : [.. setting.ChoiceDescriptions];
            if (descriptions.Any(d => d.Length > 0))
            {
                schema["enumDescriptions"] = new JsonArray([.. descriptions.Select(d => (JsonNode)SchemaText.Plain(d))]);
                schema["markdownEnumDescriptions"] = new JsonArray([.. descriptions.Select(d => (JsonNode)d)]);
            }
        }
        else if (setting.MinLength > 0 && !isItem) schema["minLength"] = setting.MinLength;
        if (setting.Pattern is { } pattern)
        {
            schema["pattern"] = $"^(?:{pattern.Pattern})$";
            schema["patternErrorMessage"] = pattern.ErrorMessage;
        }
    }

    private static void FillNumber(JsonObject schema, Type type, SettingShape setting, bool isItem)
    {
        schema["type"] = TypeName(type == typeof(double) ? "number" : "integer", setting, isItem);
        Bounds? bounds = setting.Bounds;
        if (bounds?.Minimum is { } minimum) schema[bounds.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = SchemaText.Value(minimum);
        if (bounds?.Maximum is { } maximum) schema[bounds.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = SchemaText.Value(maximum);
        else if (type == typeof(int)) schema["maximum"] = int.MaxValue;
        else if (type == typeof(double)) schema["maximum"] = double.MaxValue; // 1e999 is infinite
    }

    private void FillKinds(JsonObject schema, KindShape kinds, bool isNullable)
    {
        JsonArray alternatives = [];
        foreach ((string name, Type type) in kinds.Kinds)
        {
            string definition = JsonNamingPolicy.CamelCase.ConvertName(type.Name);
            if (!_definitions.ContainsKey(definition))
            {
                JsonObject body = new() { ["title"] = name };
                _definitions[definition] = body; // before filling: a record may hold itself
                Fill(body, RecordShape.Of(type), (kinds, name));
            }
            alternatives.Add(new JsonObject { ["$ref"] = $"#/definitions/{definition}" });
        }
        // No kind yet means that nothing fits; draft-07 wants at least one alternative.
        if (alternatives.Count == 0) alternatives.Add(new JsonObject { ["not"] = new JsonObject() });
        if (isNullable) alternatives.Add(new JsonObject { ["type"] = "null" });
        schema["oneOf"] = alternatives;
        if (kinds.Kinds.Count > 0) schema["defaultSnippets"] = SchemaSnippets.OfKinds(kinds, type => SchemaText.Plain(_docs.Of(type)));
    }

    private static void Describe(JsonObject schema, string text, SettingShape? setting)
    {
        if (text.Length == 0) return;
        schema["description"] = SchemaText.Plain(text);
        string facts = setting is null ? "" : SchemaText.Facts(setting);
        if (facts.Length > 0 || text.Contains('`', StringComparison.Ordinal)) schema["markdownDescription"] = facts.Length > 0 ? $"{text}\n\n{facts}" : text;
    }

    private static JsonNode TypeName(string name, SettingShape setting, bool isItem = false) =>
        setting.IsNullable && !isItem ? new JsonArray(name, "null") : name;
}
