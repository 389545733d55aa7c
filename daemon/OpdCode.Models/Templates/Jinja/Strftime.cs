using System.Globalization;
using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Dates as C's strftime writes them, in English.</summary>
internal static class Strftime
{
    public static string Format(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            char directive = format[++i];
            bool bare = directive is '-' or '#' && i + 1 < format.Length;
            if (bare)
                directive = format[++i];
            string part = Part(time, directive);
            text.Append(bare && part.Length > 1 ? part.TrimStart('0') : part);
        }

        return text.ToString();
    }

    private static string Part(DateTimeOffset time, char directive)
    {
        string? pattern = directive switch
        {
            'Y' => "yyyy",
            'y' => "yy",
            'm' => "MM",
            'd' => "dd",
            'b' or 'h' => "MMM",
            'B' => "MMMM",
            'a' => "ddd",
            'A' => "dddd",
            'H' => "HH",
            'I' => "hh",
            'M' => "mm",
            'S' => "ss",
            'p' => "tt",
            'f' => "ffffff",
            'F' => "yyyy-MM-dd",
            'T' => "HH:mm:ss",
            'D' => "MM/dd/yy",
            _ => null,
        };
        return directive switch
        {
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'z' => time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal),
            'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            '%' => "%",
            _ => pattern is null ? $"%{directive}" : time.ToString(pattern, CultureInfo.InvariantCulture),
        };
    }
}
