using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>
/// The values of templates: null, bool, long, double, string, List, OrderedDictionary, JinjaNamespace, JinjaFunction,
/// Undefined; and what Python says about them.
/// </summary>
internal static class JinjaValue
{
    public static object? FromJson(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                var entries = new OrderedDictionary<string, object?>(map.Count);
                foreach ((string key, JsonNode? value) in map)
                    entries[key] = FromJson(value);
                return entries;
            case JsonArray list:
                return list.Select(FromJson).ToList();
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                return value.GetValue<string>();
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                string digits = value.ToJsonString();
                return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole)
                    ? (object)whole
                    : double.Parse(digits, CultureInfo.InvariantCulture);
            case JsonValue value:
                return value.GetValueKind() == JsonValueKind.True;
            default:
                return null;
        }
    }

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        OrderedDictionary<string, object?> map => map.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"\"{undefined.Name}\", which is undefined",
        bool => "true or false",
        long => "a whole number",
        double => "a number",
        string => "a text",
        List<object?> => "a list",
        OrderedDictionary<string, object?> => "a mapping",
        JinjaNamespace => "a namespace",
        _ => "a function",
    };

    public static bool Same(object? left, object? right)
    {
        Budget.Step(60);
        return (left, right) switch
        {
            (null, null) => true,
            (Undefined, Undefined) => true,
            (string a, string b) => a == b,
            (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second)),
            (OrderedDictionary<string, object?> a, OrderedDictionary<string, object?> b) =>
                a.Count == b.Count && a.All(entry => b.TryGetValue(entry.Key, out object? other) && Same(entry.Value, other)),
            (bool or long or double, bool or long or double) => Number(left) == Number(right),
            _ => ReferenceEquals(left, right),
        };
    }

    public static int Order(int line, object? left, object? right) => (left, right) switch
    {
        (bool or long or double, bool or long or double) => Number(left).CompareTo(Number(right)),
        (string a, string b) => string.CompareOrdinal(a, b),
        (List<object?> a, List<object?> b) => a.Zip(b).Select(pair => Same(pair.First, pair.Second) ? 0 : Order(line, pair.First, pair.Second))
            .FirstOrDefault(order => order != 0, a.Count.CompareTo(b.Count)),
        _ => throw JinjaFailure.At(line, $"{TypeName(left)} and {TypeName(right)} have no order"),
    };

    public static double Number(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long whole => whole,
        double real => real,
        _ => double.NaN,
    };

    /// <summary>What a loop runs over: items, keys of a mapping, characters of a text.</summary>
    public static List<object?> Items(int line, object? value) => value switch
    {
        List<object?> list => list,
        OrderedDictionary<string, object?> map => map.Keys.ToList<object?>(),
        string text => Characters(text),
        Undefined => [],
        _ => throw JinjaFailure.At(line, $"{TypeName(value)} is nothing to run over"),
    };

    /// <summary>The characters of a text as Python counts them: one beyond U+FFFF is one.</summary>
    public static List<object?> Characters(string text)
    {
        var characters = new List<object?>(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            characters.Add(rune.ToString());
        return characters;
    }

    public static long Length(int line, object? value) => value switch
    {
        string text => text.Length - text.Count(char.IsLowSurrogate),
        List<object?> list => list.Count,
        OrderedDictionary<string, object?> map => map.Count,
        Undefined => 0,
        _ => throw JinjaFailure.At(line, $"{TypeName(value)} has no length"),
    };

    public static bool Contains(int line, object? container, object? item) => container switch
    {
        string text when item is string part => text.Contains(part, StringComparison.Ordinal),
        List<object?> list => list.Any(entry => Same(entry, item)),
        OrderedDictionary<string, object?> map => item is string key && map.ContainsKey(key),
        Undefined => false,
        _ => throw JinjaFailure.At(line, $"{TypeName(item)} cannot be in {TypeName(container)}"),
    };
}
