using System.Text.Json;
using OpdCode.Protocol;

namespace OpdCode.Models.Tokenization;

/// <summary>A place in a tokenizer's JSON file that knows its own name, so that every complaint can say where.</summary>
internal readonly struct JsonPart(JsonElement element, string file, string path)
{
    public JsonValueKind Kind => element.ValueKind;

    public string Path => path;

    public string File => file;

    /// <summary>The compact source text, for hashing.</summary>
    public JsonElement Element => element;

    public static JsonDocument Parse(string file)
    {
        try
        {
            return JsonDocument.Parse(System.IO.File.ReadAllBytes(file));
        }
        catch (JsonException e)
        {
            throw new OpdException(ErrorCodes.TokenizerInvalid, $"{file} is not readable as JSON: {e.Message} Download the file again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OpdException(ErrorCodes.TokenizerInvalid, $"{file} cannot be read: {e.Message}", e);
        }
    }

    public OpdException Fail(string what) => new(ErrorCodes.TokenizerInvalid, $"{file}: {(path.Length == 0 ? "the whole file" : path)} {what}");

    public JsonPart Get(string name) => Optional(name) ?? throw Fail($"lacks \"{name}\".");

    public JsonPart? Optional(string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Fail($"must be an object, not {Describe()}.");
        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? new JsonPart(value, file, path.Length == 0 ? name : $"{path}.{name}")
            : null;
    }

    public string Text()
    {
        if (element.ValueKind != JsonValueKind.String)
            throw Fail($"must be a string, not {Describe()}.");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            // Half of a surrogate pair, or bytes that are not UTF-8.
            throw new OpdException(ErrorCodes.TokenizerInvalid, $"{file}: {path} is not valid Unicode text.", e);
        }
    }

    public int Number() => element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int number)
        ? number
        : throw Fail($"must be a whole number, not {Describe()}.");

    public bool Flag(string name, bool otherwise) => Optional(name) is not { } part
        ? otherwise
        : part.Kind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw part.Fail($"must be true or false, not {part.Describe()}."),
        };

    public string? TextOrNull(string name) => Optional(name)?.Text();

    public IEnumerable<JsonPart> Items()
    {
        if (element.ValueKind != JsonValueKind.Array)
            throw Fail($"must be a list, not {Describe()}.");
        return Enumerate(element, file, path);

        static IEnumerable<JsonPart> Enumerate(JsonElement list, string file, string path)
        {
            int index = 0;
            foreach (JsonElement item in list.EnumerateArray())
                yield return new JsonPart(item, file, $"{path}[{index++}]");
        }
    }

    public IEnumerable<(string Name, JsonPart Value)> Properties()
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Fail($"must be an object, not {Describe()}.");
        return Enumerate(element, file, path);

        static IEnumerable<(string, JsonPart)> Enumerate(JsonElement map, string file, string path)
        {
            foreach (JsonProperty property in map.EnumerateObject())
            {
                string name = NameOf(property, file, path);
                yield return (name, new JsonPart(property.Value, file, $"{path}[\"{name}\"]"));
            }
        }
    }

    public string Describe() => element.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "nothing",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => Shorten(element.GetRawText()),
    };

    internal static string NameOf(JsonProperty property, string file, string path)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new OpdException(ErrorCodes.TokenizerInvalid, $"{file}: {path} has a name that is not valid Unicode text.", e);
        }
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
