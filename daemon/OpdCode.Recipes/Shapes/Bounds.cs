using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace OpdCode.Recipes.Shapes;

/// <summary>The values that a number may have. An end at infinity or at the type's own limit is no bound.</summary>
internal sealed record Bounds(double? Minimum, bool MinimumIsExclusive, double? Maximum, bool MaximumIsExclusive)
{
    /// <summary>The bounds that an attribute states.</summary>
    public static Bounds Of(RangeAttribute range)
    {
        double minimum = Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture);
        double maximum = Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture);
        return new Bounds(
            minimum <= int.MinValue ? null : minimum, range.MinimumIsExclusive,
            maximum >= int.MaxValue ? null : maximum, range.MaximumIsExclusive);
    }

    /// <summary>True when the value is allowed.</summary>
    public bool Contains(double value) =>
        (Minimum is not { } low || (MinimumIsExclusive ? value > low : value >= low))
        && (Maximum is not { } high || (MaximumIsExclusive ? value < high : value <= high));

    /// <summary>The bounds as the end of a sentence: "it must be at least 0 and less than 1".</summary>
    public override string ToString()
    {
        if (Minimum is { } only && Minimum == Maximum) return string.Create(CultureInfo.InvariantCulture, $"it must be {only}");
        string? low = Minimum is { } l ? string.Create(CultureInfo.InvariantCulture, $"{(MinimumIsExclusive ? "greater than" : "at least")} {l}") : null;
        string? high = Maximum is { } h ? string.Create(CultureInfo.InvariantCulture, $"{(MaximumIsExclusive ? "less than" : "at most")} {h}") : null;
        return $"it must be {string.Join(" and ", new[] { low, high }.OfType<string>())}";
    }
}
