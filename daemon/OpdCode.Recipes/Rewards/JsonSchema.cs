using System.Text.Json;
using System.Text.RegularExpressions;
using OpdCode.Protocol;

namespace OpdCode.Recipes.Rewards;

/// <summary>
/// Decides whether a JSON value fits a JSON Schema (draft-07). Formats are annotations, as the draft allows; keywords of
/// later drafts and references to other files are refused rather than ignored.
/// </summary>
internal sealed class JsonSchema
{
    private const int Deepest = 200;

    private static readonly HashSet<string> s_known =
    [
        "$schema", "$id", "$comment", "$ref", "title", "description", "default", "examples", "readOnly", "writeOnly", "format", "contentEncoding", "contentMediaType",
        "definitions", "$defs", "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
        "items", "additionalItems", "maxItems", "minItems", "uniqueItems", "contains", "maxProperties", "minProperties", "required", "properties", "patternProperties",
        "additionalProperties", "dependencies", "propertyNames", "if", "then", "else", "allOf", "anyOf", "oneOf", "not",
    ];

    private readonly JsonElement _root;
    private readonly string _name;

    private JsonSchema(JsonElement root, string name) => (_root, _name) = (root, name);

    /// <summary>Reads a schema file.</summary>
    /// <exception cref="OpdException">OPD1002 when there is no such file; OPD1501 when it is no schema or uses what is not supported.</exception>
    public static JsonSchema Load(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.FileNotFound, $"The reward's schema {path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a schema from its text.</summary>
    public static JsonSchema Parse(string text, string name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            JsonSchema schema = new(document.RootElement.Clone(), name);
            schema.Check(schema._root);
            return schema;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new OpdException(ErrorCodes.RewardInvalid, $"{name} is no JSON Schema: {e.Message}", e);
        }
    }

    /// <summary>True when the value fits.</summary>
    public bool Accepts(JsonElement value) => Fits(value, _root, 0);

    // Everything is looked at once, so that a broken schema is refused at the start and not at some rare answer.
    private void Check(JsonElement schema)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False) return;
        if (schema.ValueKind != JsonValueKind.Object) throw new FormatException("A schema is an object, true or false.");
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (!s_known.Contains(keyword.Name)) throw new FormatException($"the keyword \"{keyword.Name}\" is not supported; draft-07 is.");
            switch (keyword.Name)
            {
                case "$ref": Resolve(keyword.Value.GetString()!); break;
                case "pattern": _ = Match("", keyword.Value.GetString()!); break;
                case "properties" or "patternProperties" or "definitions" or "$defs":
                    foreach (JsonProperty inner in keyword.Value.EnumerateObject())
                    {
                        if (keyword.Name == "patternProperties") _ = Match("", inner.Name);
                        Check(inner.Value);
                    }
                    break;
                case "allOf" or "anyOf" or "oneOf":
                    foreach (JsonElement inner in keyword.Value.EnumerateArray()) Check(inner);
                    break;
                case "items" when keyword.Value.ValueKind == JsonValueKind.Array:
                    foreach (JsonElement inner in keyword.Value.EnumerateArray()) Check(inner);
                    break;
                case "items" or "additionalItems" or "contains" or "additionalProperties" or "propertyNames" or "if" or "then" or "else" or "not":
                    Check(keyword.Value);
                    break;
            }
        }
    }

    private bool Fits(JsonElement value, JsonElement schema, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object) return schema.ValueKind == JsonValueKind.True;
        // Only a schema that refers to itself without consuming anything gets here.
        if (depth > Deepest) throw new OpdException(ErrorCodes.RewardInvalid, $"{_name} refers to itself without end.");
        if (Get(schema, "$ref") is { } reference) return Fits(value, Resolve(reference.GetString()!), depth + 1);
        return FitsType(value, schema) && FitsValue(value, schema) && FitsCombination(value, schema, depth)
            && value.ValueKind switch
            {
                JsonValueKind.Number => FitsNumber(value.GetDouble(), schema),
                JsonValueKind.String => FitsText(value.GetString()!, schema),
                JsonValueKind.Array => FitsArray(value, schema, depth),
                JsonValueKind.Object => FitsObject(value, schema, depth),
                _ => true,
            };
    }

    private static bool FitsType(JsonElement value, JsonElement schema)
    {
        if (Get(schema, "type") is not { } type) return true;
        return type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Any(t => IsType(value, t.GetString()!)) : IsType(value, type.GetString()!);
    }

    private static bool IsType(JsonElement value, string type) => type switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() is double number && Math.Floor(number) == number,
        "number" => value.ValueKind == JsonValueKind.Number,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => false,
    };

    private static bool FitsValue(JsonElement value, JsonElement schema) =>
        (Get(schema, "const") is not { } only || Same(value, only))
        && (Get(schema, "enum") is not { } list || list.EnumerateArray().Any(one => Same(value, one)));

    private bool FitsCombination(JsonElement value, JsonElement schema, int depth)
    {
        if (Get(schema, "allOf") is { } all && !all.EnumerateArray().All(s => Fits(value, s, depth + 1))) return false;
        if (Get(schema, "anyOf") is { } any && !any.EnumerateArray().Any(s => Fits(value, s, depth + 1))) return false;
        if (Get(schema, "oneOf") is { } one && one.EnumerateArray().Count(s => Fits(value, s, depth + 1)) != 1) return false;
        if (Get(schema, "not") is { } not && Fits(value, not, depth + 1)) return false;
        if (Get(schema, "if") is not { } condition) return true;
        return Get(schema, Fits(value, condition, depth + 1) ? "then" : "else") is not { } branch || Fits(value, branch, depth + 1);
    }

    private static bool FitsNumber(double value, JsonElement schema)
    {
        if (Get(schema, "minimum") is { } minimum && value < minimum.GetDouble()) return false;
        if (Get(schema, "maximum") is { } maximum && value > maximum.GetDouble()) return false;
        if (Get(schema, "exclusiveMinimum") is { } above && value <= above.GetDouble()) return false;
        if (Get(schema, "exclusiveMaximum") is { } below && value >= below.GetDouble()) return false;
        if (Get(schema, "multipleOf") is not { } multiple) return true;
        double times = value / multiple.GetDouble();
        // 0.3 is a multiple of 0.1 for people, if not for binary fractions.
        return Math.Abs(times - Math.Round(times)) <= 1e-9 * Math.Max(1, Math.Abs(times));
    }

    private static bool FitsText(string value, JsonElement schema)
    {
        // Lengths count code points, not UTF-16 units.
        int length = value.EnumerateRunes().Count();
        return (Get(schema, "minLength") is not { } min || length >= min.GetDouble())
            && (Get(schema, "maxLength") is not { } max || length <= max.GetDouble())
            && (Get(schema, "pattern") is not { } pattern || Match(value, pattern.GetString()!));
    }

    private bool FitsArray(JsonElement value, JsonElement schema, int depth)
    {
        int count = value.GetArrayLength();
        if (Get(schema, "minItems") is { } min && count < min.GetDouble()) return false;
        if (Get(schema, "maxItems") is { } max && count > max.GetDouble()) return false;
        if (Get(schema, "uniqueItems") is { ValueKind: JsonValueKind.True })
            for (int i = 0; i < count; i++)
                for (int j = 0; j < i; j++)
                    if (Same(value[i], value[j])) return false;
        if (Get(schema, "contains") is { } contains && !value.EnumerateArray().Any(v => Fits(v, contains, depth + 1))) return false;
        if (Get(schema, "items") is not { } items) return true;
        if (items.ValueKind != JsonValueKind.Array) return value.EnumerateArray().All(v => Fits(v, items, depth + 1));
        int listed = items.GetArrayLength();
        for (int i = 0; i < count; i++)
        {
            if (i < listed && !Fits(value[i], items[i], depth + 1)) return false;
            if (i >= listed && Get(schema, "additionalItems") is { } more && !Fits(value[i], more, depth + 1)) return false;
        }
        return true;
    }

    private bool FitsObject(JsonElement value, JsonElement schema, int depth)
    {
        int count = value.EnumerateObject().Count();
        if (Get(schema, "minProperties") is { } min && count < min.GetDouble()) return false;
        if (Get(schema, "maxProperties") is { } max && count > max.GetDouble()) return false;
        if (Get(schema, "required") is { } required && !required.EnumerateArray().All(n => value.TryGetProperty(n.GetString()!, out _))) return false;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (Get(schema, "propertyNames") is { } names && !Fits(JsonSerializer.SerializeToElement(member.Name), names, depth + 1)) return false;
            bool known = false;
            if (Get(schema, "properties") is { } properties && properties.TryGetProperty(member.Name, out JsonElement own))
            {
                known = true;
                if (!Fits(member.Value, own, depth + 1)) return false;
            }
            foreach (JsonProperty pattern in Get(schema, "patternProperties")?.EnumerateObject() ?? default)
            {
                if (!Match(member.Name, pattern.Name)) continue;
                known = true;
                if (!Fits(member.Value, pattern.Value, depth + 1)) return false;
            }
            if (!known && Get(schema, "additionalProperties") is { } others && !Fits(member.Value, others, depth + 1)) return false;
        }
        foreach (JsonProperty dependency in Get(schema, "dependencies")?.EnumerateObject() ?? default)
        {
            if (!value.TryGetProperty(dependency.Name, out _)) continue;
            if (dependency.Value.ValueKind == JsonValueKind.Array
                ? !dependency.Value.EnumerateArray().All(n => value.TryGetProperty(n.GetString()!, out _))
                : !Fits(value, dependency.Value, depth + 1)) return false;
        }
        return true;
    }

    private JsonElement Resolve(string reference)
    {
        if (!reference.StartsWith('#')) throw new FormatException($"the reference {reference} leads to another file; only references inside the schema are supported.");
        JsonElement at = _root;
        foreach (string step in reference[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind == JsonValueKind.Array && int.TryParse(name, out int index) && index >= 0 && index < at.GetArrayLength()) at = at[index];
            else if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at)) throw new FormatException($"the reference {reference} leads nowhere.");
        }
        return at;
    }

    private static bool Same(JsonElement a, JsonElement b) =>
        a.ValueKind == JsonValueKind.Number && b.ValueKind == JsonValueKind.Number ? a.GetDouble() == b.GetDouble() : JsonElement.DeepEquals(a, b);

    private static bool Match(string value, string pattern)
    {
        try
        {
            return Regex.IsMatch(value, pattern, RegexOptions.ECMAScript, TimeSpan.FromSeconds(1));
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static JsonElement? Get(JsonElement schema, string keyword) => schema.TryGetProperty(keyword, out JsonElement value) ? value : null;
}
