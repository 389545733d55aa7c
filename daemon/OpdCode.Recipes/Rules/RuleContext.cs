using System.Globalization;
using System.Text.Json;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Reading;
using OpdCode.Recipes.Schema;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Rules;

/// <summary>
/// What a rule sees of a recipe: values by their path, the default where nothing is written, null where the value is
/// absent or broken (then the shape check has already said so).
/// </summary>
internal sealed class RuleContext(LocatedValue root, ProblemList problems, string folder)
{
    /// <summary>The folder of the recipe.</summary>
    public string Folder { get; } = folder;

    public string? Text(string path) => Find(path) switch
    {
        (LocatedValue { Kind: JsonValueKind.String } node, _) => node.Text,
        (null, { } value) => value is Enum named ? EnumShape.Of(named.GetType()).NameOf(named) : value as string,
        _ => null,
    };

    public double? Number(string path) => Find(path) switch
    {
        (LocatedValue { Kind: JsonValueKind.Number } node, _) => double.Parse(node.Text!, CultureInfo.InvariantCulture),
        (null, int or long or double) found => Convert.ToDouble(found.Default, CultureInfo.InvariantCulture),
        _ => null,
    };

    public bool Flag(string path) => Find(path) switch
    {
        (LocatedValue node, _) => node.Kind == JsonValueKind.True,
        (null, bool value) => value,
        _ => false,
    };

    /// <summary>True when there is a value: not absent, and not null.</summary>
    public bool Has(string path) => Find(path) is (LocatedValue { Kind: not JsonValueKind.Null }, _) or (null, not null);

    /// <summary>
    /// True when a person chose the value, in the file or on the command line, and it is not the default: a resolved
    /// recipe writes every default out, and nobody wants to be told that those have no effect.
    /// </summary>
    public bool IsChosen(string path)
    {
        if (Find(path).Node is not { Origin: ValueOrigin.Written or ValueOrigin.Set } node) return false;
        object? value = DefaultOf(path);
        return value switch
        {
            null => node.Kind != JsonValueKind.Null,
            int or long or double => node.Kind != JsonValueKind.Number || double.Parse(node.Text!, CultureInfo.InvariantCulture) != Convert.ToDouble(value, CultureInfo.InvariantCulture),
            bool flag => node.Kind != (flag ? JsonValueKind.True : JsonValueKind.False),
            string text => node.Text != text,
            _ => true,
        };
    }

    /// <summary>False where something is broken that may have been meant as this setting.</summary>
    public bool IsComplete(string path) => root.IsComplete && !problems.HasErrorAt(path) && !problems.HasUnknownRootKey;

    /// <summary>The items of a list, as their nodes.</summary>
    public IReadOnlyList<LocatedValue> Items(string path) => Find(path).Node is { Kind: JsonValueKind.Array } list ? list.Items : [];

    /// <summary>Reports an error at a setting, or at what stands nearest around it.</summary>
    public void Error(string code, string path, string message, Cure? cure = null) => Report(code, ProblemSeverity.Error, path, message, cure);

    /// <summary>Reports a warning at a setting, or at what stands nearest around it.</summary>
    public void Warn(string code, string path, string message, Cure? cure = null) => Report(code, ProblemSeverity.Warning, path, message, cure);

    /// <summary>Reports something worth knowing.</summary>
    public void Inform(string code, string path, string message, Cure? cure = null) => Report(code, ProblemSeverity.Information, path, message, cure);

    private void Report(string code, ProblemSeverity severity, string path, string message, Cure? cure)
    {
        SettingPlace place = SettingPlace.Find(root, path);
        problems.Add(code, severity, path, place.Start, place.End, message, problems.Fix(cure));
    }

    /// <summary>A value as it is written; null where it is not.</summary>
    public string? Written(string path) => Find(path).Node is { } node ? problems.Written(node) : null;

    private object? DefaultOf(string path)
    {
        object? value = null;
        Find(path, setting => value = setting?.Default);
        return value;
    }

    private (LocatedValue? Node, object? Default) Find(string path, Action<SettingShape?>? visit = null)
    {
        if (problems.HasErrorAt(path)) return (null, null);
        LocatedValue? node = root;
        RecordShape? shape = RecordShape.Of(typeof(Recipe));
        object? value = null;
        foreach (string step in path.Split('.'))
        {
            // The default of a setting inside a record that is itself a default comes from that record.
            SettingShape? setting = shape is not null && shape.ByName.TryGetValue(step, out SettingShape? found) ? found : null;
            visit?.Invoke(setting);
            value = node is null && value is not null && setting is not null ? setting.Property.GetValue(value) : setting?.Default;
            node = node?.Kind == JsonValueKind.Object ? node.Find(step) : null;
            if (node is not null) value = null;
            shape = setting is null ? null : ShapeOf(setting.Type, node, value);
            if (shape is null && node is null && value is null) return (null, null);
        }
        return (node, node is null ? value : null);
    }

    private static RecordShape? ShapeOf(Type type, LocatedValue? node, object? value)
    {
        if (!type.IsClass || type.Assembly != typeof(Recipe).Assembly) return null;
        if (KindShape.Of(type) is not { } kinds) return RecordShape.Of(type);
        Type? chosen = node?.Find(kinds.Discriminator)?.Text is { } name ? kinds.Find(name) : value?.GetType();
        return chosen is null ? null : RecordShape.Of(chosen);
    }

    /// <summary>A number as a person writes it.</summary>
    public static string Show(double? value) => value is { } number ? SchemaText.Value(number)!.ToJsonString() : "none";
}
