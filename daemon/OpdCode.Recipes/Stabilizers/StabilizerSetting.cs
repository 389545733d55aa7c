using System.Globalization;
using OpdCode.Recipes.Schema;
using OpdCode.Recipes.Shapes;

namespace OpdCode.Recipes.Stabilizers;

/// <summary>A number of a stabilizer that a person may move to see what happens.</summary>
/// <param name="Path">For example <c>stabilizers[0].gamma</c>.</param>
/// <param name="Title">What it is: the first sentence of its documentation.</param>
/// <param name="Value">As it is.</param>
/// <param name="Minimum">Least sensible value.</param>
/// <param name="Maximum">Greatest sensible value.</param>
public sealed record StabilizerSetting(string Path, string Title, double Value, double Minimum, double Maximum)
{
    // Where no bound is written, or one that only keeps nonsense out, a few times the default (and the value) is far enough.
    private const double FarEnough = 5, NoRealBound = 1e3;

    private static readonly Lazy<XmlDocs> s_docs = new(() => XmlDocs.Load(typeof(StabilizerRecipe).Assembly));

    /// <summary>The numbers of a list of stabilizers, in order; a number that is absent (null) is left out.</summary>
    public static IReadOnlyList<StabilizerSetting> Of(IReadOnlyList<StabilizerRecipe> stabilizers)
    {
        ArgumentNullException.ThrowIfNull(stabilizers);
        List<StabilizerSetting> settings = [];
        for (int i = 0; i < stabilizers.Count; i++)
            foreach (SettingShape shape in RecordShape.Of(stabilizers[i].GetType()).Settings)
                if (shape.Property.GetValue(stabilizers[i]) is int or double)
                    settings.Add(Of($"stabilizers[{i}].{shape.Name}", s_docs.Value.Of(shape.Property), shape, Convert.ToDouble(shape.Property.GetValue(stabilizers[i]), CultureInfo.InvariantCulture)));
        return settings;
    }

    private static StabilizerSetting Of(string path, string documentation, SettingShape shape, double value)
    {
        double usual = shape.Default is null ? value : Convert.ToDouble(shape.Default, CultureInfo.InvariantCulture);
        double reach = Math.Max(1, FarEnough * Math.Max(Math.Abs(usual), Math.Abs(value)));
        double low = shape.Bounds?.Minimum is { } minimum && minimum > -NoRealBound ? minimum : -reach;
        double high = shape.Bounds?.Maximum is { } maximum && maximum < NoRealBound ? maximum : reach;
        int end = documentation.IndexOf(". ", StringComparison.Ordinal);
        return new StabilizerSetting(path, end < 0 ? documentation : documentation[..(end + 1)], value, Math.Min(low, value), Math.Max(high, value));
    }
}
