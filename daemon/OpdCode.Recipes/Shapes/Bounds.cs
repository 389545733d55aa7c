using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace OpdCode.Recipes.Shapes;

/// <summary>The values that a number may have. An end at infinity or at the type's own limit is no bound.</summary>
internal sealed record Bounds(double? Minimum, bool MinimumIsExclusive, double? Maximum, bool MaximumIsExclusive)
{
    /// <summary>The bounds that an attribute states.</summary>
    public static Bounds? Of(RangeAttribute range)
    {
        double minimum = Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture);
        double maximum = Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture);
        Bounds bounds = new(
            minimum is int.MinValue or <= long.MinValue ? null : minimum, range.MinimumIsExclusive,
            maximum is int.MaxValue or >= long.MaxValue ? null : maximum, range.MaximumIsExclusive);
        return bounds.Minimum is null && bounds.Maximum is null ? null : bounds;
    }

    /// <summary>True when the value is allowed.</summary>
    public bool Contains(double value) =>
        (Minimum is not { } low || (MinimumIsExclusive ? value > low : value >= low))
        && (Maximum is not { } high || (MaximumIsExclusive ? value < high : value <= high));

    /// <summary>The bounds as the end of a sentence: "it must be at least 0 and less than 1".</summary>
    public override string ToString()
    {
        if (Minimum is { } only && Minimum == Maximum) return $"it must be {NumberText.Of(only)}";
        string? low = Minimum is { } l ? $"{(MinimumIsExclusive ? "greater than" : "at least")} {NumberText.Of(l)}" : null;
        string? high = Maximum is { } h ? $"{(MaximumIsExclusive ? "less than" : "at most")} {NumberText.Of(h)}" : null;
        return $"it must be {string.Join(" and ", new[] { low, high }.OfType<string>())}";
    }
}
