using System.Collections;
using System.Text;
using System.Text.Json.Nodes;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Schema;

/// <summary>Words and values as the schema shows them.</summary>
internal static class SchemaText
{
    /// <summary>learningRate as "Learning rate".</summary>
    public static string Title(string name)
    {
        StringBuilder title = new();
        foreach (char c in name)
        {
            if (char.IsUpper(c)) title.Append(' ').Append(char.ToLowerInvariant(c));
            else title.Append(title.Length == 0 ? char.ToUpperInvariant(c) : c);
        }
        return title.ToString();
    }

    /// <summary>Markdown without its marks, for places that show plain text.</summary>
    public static string Plain(string markdown) => markdown.Replace("`", "", StringComparison.Ordinal);

    /// <summary>Unit, default and range in one line of Markdown; empty when there is nothing to say.</summary>
    public static string Facts(SettingShape setting)
    {
        List<string> facts = [];
        if (setting.Unit is { } unit) facts.Add($"in {unit}");
        if (setting.Bounds is { } bounds && bounds.ToString() is { Length: > 0 } range) facts.Add(range["it must be ".Length..]);
        if (setting.Path is not null) facts.Add("path relative to the recipe");
        if (!setting.IsRequired && Default(setting) is { } value) facts.Add($"default `{value.ToJsonString()}`");
        return facts.Count == 0 ? "" : $"*{string.Join(" · ", facts)}*";
    }

    /// <summary>The default as JSON; null where it is absent, or a whole record that says its own defaults.</summary>
    public static JsonNode? Default(SettingShape setting) => setting.Default is { } value && IsSimple(value) ? Value(value) : null;

    /// <summary>A value as it stands in a recipe.</summary>
    public static JsonNode? Value(object? value) => value switch
    {
        null => null,
        string text => text,
        bool flag => flag,
        int or long => Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture),
        double number => JsonNode.Parse(NumberText.Of(number)),
        Enum named => EnumShape.Of(named.GetType()).NameOf(named),
        IEnumerable items => new JsonArray([.. items.Cast<object>().Select(Value)]),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "Not a simple value."),
    };

    private static bool IsSimple(object value) => value switch
    {
        string or bool or int or long or double or Enum => true,
        IEnumerable items => items.Cast<object>().All(IsSimple),
        _ => false,
    };
}
