using System.Globalization;
using OpdCode.Recipes.Schema;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>The numbers of a list of stabilizers that a person may try other values of.</summary>
public static class MovableSettings
{
    private static readonly Lazy<XmlDocs> s_docs = new(() => XmlDocs.Load(typeof(StabilizerRecipe).Assembly));

    /// <summary>The settings, in the order of the list.</summary>
    /// <param name="stabilizers">The list.</param>
    public static IReadOnlyList<MovableSetting> Of(IReadOnlyList<StabilizerRecipe> stabilizers)
    {
        ArgumentNullException.ThrowIfNull(stabilizers);
        return [.. stabilizers.SelectMany((stabilizer, i) => RecordShape.Of(stabilizer.GetType()).Settings
            .Where(s => s.Type == typeof(double) || s.Type == typeof(int))
            .Select(s => (Setting: s, Value: s.Property.GetValue(stabilizer)))
            .Where(s => s.Value is not null)
            .Select(s => Setting(s.Setting, Convert.ToDouble(s.Value, CultureInfo.InvariantCulture), string.Create(CultureInfo.InvariantCulture, $"stabilizers[{i}].{s.Setting.Name}"))))];
    }

    private static MovableSetting Setting(SettingShape setting, double value, string path)
    {
        string doc = s_docs.Value.Of(setting.Property);
        int end = doc.IndexOf(". ", StringComparison.Ordinal);
        // Bounds that say "any" are no end of a scale: four times the value, at least four times the default and 1.
        double reach = 4 * Math.Max(Math.Max(Math.Abs(value), Math.Abs(Convert.ToDouble(setting.Default ?? 0, CultureInfo.InvariantCulture))), 0.25);
        double least = setting.Bounds?.Minimum ?? -reach, greatest = setting.Bounds?.Maximum is { } most && most < 1e6 ? most : reach;
        return new MovableSetting(path, end < 0 ? doc : doc[..(end + 1)], value, Math.Min(least, value), Math.Max(greatest, value));
    }
}
