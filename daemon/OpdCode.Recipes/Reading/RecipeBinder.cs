using System.Collections;
using System.Globalization;
using System.Text.Json;
using OpdCode.Protocol;
using OpdCode.Recipes.Editing;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Reading;

/// <summary>Makes records of a tree and reports everything in it that does not fit them, in one pass.</summary>
internal sealed class RecipeBinder(ProblemList problems)
{
    /// <summary>Marks a value that could not be made; the problem is already reported.</summary>
    private static readonly object s_nothing = new();

    /// <summary>Binds the whole recipe; null when something is wrong.</summary>
    public Recipe? Bind(LocatedValue root) => BindRecord(root, RecordShape.Of(typeof(Recipe)), "", null) as Recipe;

    /// <summary>Binds a list of stabilizers on its own; null when it is no list.</summary>
    public IReadOnlyList<StabilizerRecipe>? BindStabilizers(LocatedValue root) =>
        BindSetting(root, RecordShape.Of(typeof(Recipe)).ByName["stabilizers"], "stabilizers") as IReadOnlyList<StabilizerRecipe>;

    private object? BindSetting(LocatedValue value, SettingShape setting, string path)
    {
        if (value.Kind == JsonValueKind.Null)
        {
            if (setting.IsNullable) return null;
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} cannot be null. {Expect(setting)}; leave it out for the default.",
                setting.IsRequired ? null : problems.Fix(Cure.Remove(path)));
            return s_nothing;
        }
        if (setting.ItemType is { } itemType) return BindList(value, setting, itemType, path);
        if (setting.MapValueType is { } valueType) return BindMap(value, valueType, path);
        return BindValue(value, setting.Type, setting, path, isItem: false);
    }

    private object? BindValue(LocatedValue value, Type type, SettingShape setting, string path, bool isItem)
    {
        if (type == typeof(string) || type.IsEnum) return BindText(value, type, setting, path, isItem);
        if (type == typeof(bool)) return BindFlag(value, path);
        if (type == typeof(int) || type == typeof(long)) return BindInteger(value, type, setting, path);
        if (type == typeof(double)) return BindNumber(value, setting, path);
        if (KindShape.Of(type) is { } kinds) return BindKind(value, kinds, path);
        return BindRecord(value, RecordShape.Of(type), path, null);
    }

    private object? BindText(LocatedValue value, Type type, SettingShape setting, string path, bool isItem)
    {
        // A bare word of --set may look like a number or a flag: --set name=7 means the text "7".
        string? text = value.Kind == JsonValueKind.String || (value.Origin == ValueOrigin.Set && type == typeof(string) && value.Kind is JsonValueKind.Number)
            ? value.Text
            : null;
        if (text is null)
        {
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be a text, not {value.Describe()}.{(setting.Choices is null ? "" : $" {Expect(setting)}.")}");
            return s_nothing;
        }
        if (setting.Choices is { } choices && !choices.Contains(text))
        {
            string? nearest = NearestName.Find(text, choices);
            problems.Error(ErrorCodes.UnknownValue, path, value,
                $"{path} cannot be {LocatedValue.Quote(text)}.{DidYouMean(nearest)} It can be {Listing(choices)}.",
                nearest is null ? null : problems.Replace(value, JsonText(nearest)));
            return s_nothing;
        }
        if (type.IsEnum) return EnumShape.Of(type).Find(text);
        if (!isItem && text.Length < setting.MinLength)
        {
            problems.Error(ErrorCodes.OutOfRange, path, value, $"{path} is empty. {Expect(setting)}.");
            return s_nothing;
        }
        if (setting.Path is not null && text.Contains('\0', StringComparison.Ordinal))
        {
            problems.Error(ErrorCodes.UnknownValue, path, value, $"{path} holds the character 0, which no path may.");
            return s_nothing;
        }
        if (setting.Pattern is { } pattern && !pattern.IsValid(text))
        {
            problems.Error(ErrorCodes.UnknownValue, path, value, $"{path} cannot be {LocatedValue.Quote(text)}. {pattern.ErrorMessage}");
            return s_nothing;
        }
        return text;
    }

    private object BindFlag(LocatedValue value, string path)
    {
        if (value.Kind is JsonValueKind.True or JsonValueKind.False) return value.Kind == JsonValueKind.True;
        ProblemFix? fix = value.Text is "true" or "false" ? problems.Replace(value, value.Text) : null;
        problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be true or false, not {value.Describe()}.", fix);
        return s_nothing;
    }

    private object BindInteger(LocatedValue value, Type type, SettingShape setting, string path)
    {
        if (value.Kind != JsonValueKind.Number)
        {
            ProblemFix? fix = long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long meant)
                ? problems.Replace(value, meant.ToString(CultureInfo.InvariantCulture)) : null;
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be a whole number, not {value.Describe()}.", fix);
            return s_nothing;
        }
        double number = double.Parse(value.Text!, CultureInfo.InvariantCulture);
        bool exact = long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole);
        if (!exact && !value.Text!.Contains('.', StringComparison.Ordinal) && Math.Abs(number) < 1e15 && number == Math.Floor(number)) (exact, whole) = (true, (long)number);
        if (!exact && number == Math.Floor(number) && Math.Abs(number) >= 9e18)
        {
            problems.Error(ErrorCodes.OutOfRange, path, value, $"{path} is {value.Text}, which is too large.");
            return s_nothing;
        }
        if (!exact)
        {
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be a whole number, not {value.Text}.");
            return s_nothing;
        }
        if (type == typeof(int) && whole is < int.MinValue or > int.MaxValue)
        {
            problems.Error(ErrorCodes.OutOfRange, path, value, $"{path} is {whole}; the largest value is {setting.Bounds?.Maximum ?? int.MaxValue}.");
            return s_nothing;
        }
        if (!InRange(whole, setting, value, path)) return s_nothing;
        return type == typeof(int) ? (object)(int)whole : whole;
    }

    private object BindNumber(LocatedValue value, SettingShape setting, string path)
    {
        if (value.Kind != JsonValueKind.Number)
        {
            ProblemFix? fix = double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double meant) && double.IsFinite(meant)
                ? problems.Replace(value, NumberText.Of(meant)) : null;
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be a number, not {value.Describe()}.", fix);
            return s_nothing;
        }
        double number = double.Parse(value.Text!, CultureInfo.InvariantCulture);
        if (double.IsFinite(number)) return InRange(number, setting, value, path) ? number : s_nothing;
        problems.Error(ErrorCodes.OutOfRange, path, value, $"{path} is {value.Text}, which is too large.");
        return s_nothing;
    }

    private bool InRange(double number, SettingShape setting, LocatedValue value, string path)
    {
        if (setting.Bounds is not { } bounds || bounds.Contains(number)) return true;
        // A bound that is itself allowed is the nearest good value; an open bound names no value.
        double? nearest = number < bounds.Minimum ? (bounds.MinimumIsExclusive ? null : bounds.Minimum) : (bounds.MaximumIsExclusive ? null : bounds.Maximum);
        problems.Error(ErrorCodes.OutOfRange, path, value, $"{path} is {value.Text}; {BoundsText(setting)}.",
            nearest is { } good ? problems.Replace(value, NumberText.Of(good)) : null);
        return false;
    }

    private object BindList(LocatedValue value, SettingShape setting, Type itemType, string path)
    {
        if (value.Kind != JsonValueKind.Array)
        {
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be a list [ … ], not {value.Describe()}.",
                itemType == typeof(string) && value.Kind == JsonValueKind.String ? problems.Replace(value, $"[{problems.Written(value)}]") : null);
            return s_nothing;
        }
        if (value.Items.Count < setting.MinLength && value.IsComplete)
            problems.Error(ErrorCodes.OutOfRange, path, value, $"{path} needs at least {setting.MinLength} item{(setting.MinLength == 1 ? "" : "s")}; it has {value.Items.Count}.");
        IList items = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(itemType))!;
        for (int i = 0; i < value.Items.Count; i++)
        {
            string itemPath = $"{path}[{i}]";
            object? item = value.Items[i].Kind == JsonValueKind.Null ? Null(value.Items[i], itemPath) : BindValue(value.Items[i], itemType, setting, itemPath, isItem: true);
            if (item != s_nothing) items.Add(item);
        }
        return items;
    }

    private object BindMap(LocatedValue value, Type valueType, string path)
    {
        if (value.Kind != JsonValueKind.Object)
        {
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be an object {{ … }}, not {value.Describe()}.");
            return s_nothing;
        }
        IDictionary map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), valueType))!;
        SettingShape plain = SettingShape.Anything;
        foreach (LocatedMember member in value.Members)
        {
            string itemPath = $"{path}.{member.Key}";
            object? item = member.Value.Kind == JsonValueKind.Null ? Null(member.Value, itemPath) : BindValue(member.Value, valueType, plain, itemPath, isItem: true);
            if (item != s_nothing) map[member.Key] = item;
        }
        ReportDuplicates(value, path);
        return map;
    }

    private object Null(LocatedValue value, string path)
    {
        problems.Error(ErrorCodes.WrongType, path, value, $"{path} cannot be null.");
        return s_nothing;
    }

    private object BindKind(LocatedValue value, KindShape kinds, string path)
    {
        if (value.Kind != JsonValueKind.Object)
        {
            problems.Error(ErrorCodes.WrongType, path, value, $"{path} must be an object with a \"{kinds.Discriminator}\", not {value.Describe()}.");
            return s_nothing;
        }
        string[] names = [.. kinds.Kinds.Select(k => k.Name)];
        string kindPath = $"{path}.{kinds.Discriminator}";
        LocatedValue? kind = value.Find(kinds.Discriminator);
        string choices = names.Length == 0 ? "This version knows none yet." : $"It can be {Listing(names)}.";
        if (kind is null)
        {
            if (value.IsComplete) problems.Error(ErrorCodes.MissingKey, kindPath, value, $"{kindPath} is missing. {choices}");
            return s_nothing;
        }
        if (kind.Kind != JsonValueKind.String)
        {
            problems.Error(ErrorCodes.WrongType, kindPath, kind, $"{kindPath} must be a text, not {kind.Describe()}. {choices}");
            return s_nothing;
        }
        if (kinds.Find(kind.Text!) is not { } type)
        {
            string? nearest = NearestName.Find(kind.Text!, names);
            problems.Error(ErrorCodes.UnknownValue, kindPath, kind, $"{kindPath} cannot be {LocatedValue.Quote(kind.Text!)}.{DidYouMean(nearest)} {choices}",
                nearest is null ? null : problems.Replace(kind, JsonText(nearest)));
            return s_nothing;
        }
        return BindRecord(value, RecordShape.Of(type), path, kinds.Discriminator) ?? s_nothing;
    }

    private object? BindRecord(LocatedValue value, RecordShape shape, string path, string? discriminator)
    {
        if (value.Kind != JsonValueKind.Object)
        {
            string what = path.Length == 0 ? "A recipe" : path;
            problems.Error(ErrorCodes.WrongType, path, value, $"{what} must be an object {{ … }}, not {value.Describe()}.", Wrap(value, shape));
            return s_nothing;
        }
        object record = shape.Create();
        foreach (LocatedMember member in value.Members)
        {
            // Editors outside VS Code find the schema through this key; it is theirs.
            if (member.Key == discriminator || (path.Length == 0 && member.Key == "$schema")) continue;
            if (!shape.ByName.TryGetValue(member.Key, out SettingShape? setting))
            {
                UnknownKey.Report(problems, member, shape, path, discriminator);
                continue;
            }
            object? bound = BindSetting(member.Value, setting, Join(path, member.Key));
            if (bound != s_nothing) setting.Property.SetValue(record, bound);
        }
        ReportDuplicates(value, path);
        foreach (SettingShape setting in shape.Settings)
        {
            if (!setting.IsRequired || !value.IsComplete || value.Find(setting.Name) is not null) continue;
            string missing = Join(path, setting.Name);
            int end = path.Length == 0 ? value.Start + 1 : value.End;
            problems.Add(ErrorCodes.MissingKey, ProblemSeverity.Error, missing, value.Start, end, $"{missing} is missing. {Expect(setting)}.",
                missing == "version" ? problems.Fix(Cure.Set(missing, "1")) : null);
        }
        return record;
    }

    // A text where an object with one necessary text belongs can only have been meant as that.
    private ProblemFix? Wrap(LocatedValue value, RecordShape shape) =>
        value.Kind == JsonValueKind.String && shape.Settings.Where(s => s.IsRequired).ToArray() is [{ } only] && only.Type == typeof(string)
            ? problems.Replace(value, $"{{ {JsonText(only.Name)}: {problems.Written(value)} }}") : null;

    private void ReportDuplicates(LocatedValue value, string path)
    {
        Dictionary<string, LocatedMember> seen = new(StringComparer.Ordinal);
        foreach (LocatedMember member in value.Members)
        {
            if (seen.TryGetValue(member.Key, out LocatedMember? first)) // the last one counts, so the first may go
                problems.Add(ErrorCodes.DuplicateKey, ProblemSeverity.Error, Join(path, member.Key), member.KeyStart, member.KeyEnd,
                    $"{LocatedValue.Quote(member.Key)} is given twice. Keep one of the two.", problems.RemoveMember(value, first, $"Remove the first {LocatedValue.Quote(member.Key)}"));
            seen[member.Key] = member;
        }
    }

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static string DidYouMean(string? nearest) => nearest is null ? "" : $" Did you mean \"{nearest}\"?";

    private static string JsonText(string text) => JsonSerializer.Serialize(text);

    private static string Listing(IReadOnlyList<string> names) => string.Join(", ", names.Select(n => $"\"{n}\""));

    private static string Expect(SettingShape setting)
    {
        if (setting.Choices is { } choices) return $"It can be {Listing(choices)}";
        if (setting.ItemType is not null) return "It is a list [ … ]";
        if (setting.Path == RecipePathKind.ModelFolder) return "It is the path of a model folder, relative to the recipe";
        if (setting.Path is not null) return "It is the path of a file, relative to the recipe";
        if (setting.Type == typeof(string)) return "It is a text";
        if (setting.Type == typeof(bool)) return "It is true or false";
        if (setting.Type == typeof(int) || setting.Type == typeof(long)) return $"It is a whole number{(BoundsText(setting) is { } whole ? $"; {whole}" : "")}";
        if (setting.Type == typeof(double)) return $"It is a number{(BoundsText(setting) is { } bounds ? $"; {bounds}" : "")}";
        if (KindShape.Of(setting.Type) is { } kinds) return $"It is an object with a \"{kinds.Discriminator}\": {Listing([.. kinds.Kinds.Select(k => k.Name)])}";
        return "It is an object { … }";
    }

    private static string? BoundsText(SettingShape setting) => setting.Bounds?.ToString();
}
