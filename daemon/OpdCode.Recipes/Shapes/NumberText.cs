using System.Globalization;

namespace OpdCode.Recipes.Shapes;

/// <summary>Writes numbers as people write them in recipes: 1e-5, not 1E-05.</summary>
internal static class NumberText
{
    /// <summary>The shortest text that reads back as the same number.</summary>
    public static string Of(double value)
    {
        // Plain digits read better for everything that is not very small or very large.
        if (value != 0 && Math.Abs(value) is >= 1e-4 and < 1e15 || value == 0) return value.ToString("0.#################", CultureInfo.InvariantCulture) is { } plain
            && double.Parse(plain, CultureInfo.InvariantCulture) == value ? plain : Exponent(value);
        return Exponent(value);
    }

    private static string Exponent(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        int e = text.IndexOf('E', StringComparison.Ordinal);
        return e < 0 ? text : $"{text[..e]}e{int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture)}";
    }
}
