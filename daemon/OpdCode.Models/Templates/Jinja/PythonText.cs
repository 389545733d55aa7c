using System.Globalization;
using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Values as Python writes them: str() and repr(), which is what a template prints, and json.dumps().</summary>
internal static class PythonText
{
    public static string Str(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Repr(value),
    };

    public static string Repr(object? value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return text.ToString();
    }

    /// <summary>The shortest digits that give the number back, with an exponent from 1e16 and below 1e-4.</summary>
    public static string Float(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        string scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        string shortest = value.ToString("R", CultureInfo.InvariantCulture);
        int exponent = value == 0 ? 0 : int.Parse(scientific[(scientific.IndexOf('E', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
        string sign = shortest.StartsWith('-') ? "-" : "";
        string digits = Digits(shortest);
        if (exponent is < -4 or >= 16)
        {
            string fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        string padded = digits.PadRight(exponent + 1, '0');
        string rest = padded[(exponent + 1)..];
        return $"{sign}{padded[..(exponent + 1)]}.{(rest.Length == 0 ? "0" : rest)}";
    }

    /// <summary>The significant digits of a number as .NET writes it.</summary>
    private static string Digits(string number)
    {
        int exponent = number.IndexOf('E', StringComparison.Ordinal);
        string mantissa = (exponent < 0 ? number : number[..exponent]).Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal);
        string digits = mantissa.TrimStart('0').TrimEnd('0');
        return digits.Length == 0 ? "0" : digits;
    }

    private static void Write(object? value, StringBuilder text)
    {
        Budget.Step(30 + ((value as string)?.Length ?? 0));
        switch (value)
        {
            case null:
                text.Append("None");
                break;
            case bool flag:
                text.Append(flag ? "True" : "False");
                break;
            case long number:
                text.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                text.Append(Float(number));
                break;
            case string quoted:
                Quote(quoted, text);
                break;
            case Undefined:
                text.Append("Undefined");
                break;
            case JinjaTuple tuple:
                Join('(', tuple, ')', text, Write);
                if (tuple.Count == 1)
                    text.Insert(text.Length - 1, ',');
                break;
            case List<object?> list:
                Join('[', list, ']', text, Write);
                break;
            case OrderedDictionary<string, object?> map:
                Join('{', map, '}', text, (entry, t) =>
                {
                    Quote(entry.Key, t);
                    t.Append(": ");
                    Write(entry.Value, t);
                });
                break;
            default:
                text.Append('<').Append(JinjaValue.TypeName(value)).Append('>');
                break;
        }
    }

    private static void Join<T>(char open, IEnumerable<T> items, char close, StringBuilder text, Action<T, StringBuilder> write)
    {
        text.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            if (!first)
                text.Append(", ");
            first = false;
            write(item, text);
        }

        text.Append(close);
    }

    private static void Quote(string value, StringBuilder text)
    {
        char quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (char c in value)
        {
            if (c == quote || c == '\\')
                text.Append('\\').Append(c);
            else if (c is '\n' or '\r' or '\t')
                text.Append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            else if (c < ' ' || c == 0x7F)
                text.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}");
            else
                text.Append(c);
        }

        text.Append(quote);
    }
}
