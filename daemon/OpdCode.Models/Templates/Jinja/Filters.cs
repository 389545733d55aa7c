using System.Globalization;
using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Filters: <c>value | name(arguments)</c>.</summary>
internal sealed class Filters(Budget budget, BuiltIns builtIns)
{
    public object? Apply(int line, string name, object? value, JinjaArguments a)
    {
        budget.Charge(line, 20 + ((value as string)?.Length ?? (value as List<object?>)?.Count ?? 0));
        object? result = name switch
        {
            "tojson" => ToJson(value, a),
            "string" => PythonText.Str(value),
            "safe" or "forceescape" when value is string => value,
            "safe" => PythonText.Str(value),
            "trim" => PythonString.Strip(PythonText.Str(value), a.Get(0, "chars") as string, left: true, right: true),
            "upper" => PythonText.Str(value).ToUpperInvariant(),
            "lower" => PythonText.Str(value).ToLowerInvariant(),
            "title" => PythonString.TitleOfWords(PythonText.Str(value)),
            "capitalize" => PythonString.Capitalize(PythonText.Str(value)),
            "replace" => builtIns.Methods.Find(line, PythonText.Str(value), "replace")!(a),
            "center" => builtIns.Methods.Find(line, PythonText.Str(value), "center")!(a),
            "escape" or "e" => Escape(PythonText.Str(value)),
            "indent" => Indent(PythonText.Str(value), a),
            "wordcount" => (long)PythonString.Split(PythonText.Str(value), null, -1, fromRight: false).Count,
            "truncate" => Truncate(PythonText.Str(value), a),
            "format" => Format(line, PythonText.Str(value), a.Places),
            "length" or "count" => JinjaValue.Length(line, value),
            "default" or "d" => value is Undefined || (JinjaValue.IsTrue(a.Get(1, "boolean", false)) && !JinjaValue.IsTrue(value)) ? a.Get(0, "default_value", "") : value,
            "int" => ToWhole(value, a),
            "float" => ToReal(value, a),
            "abs" => value is long whole ? (object)Math.Abs(Math.Max(whole, -long.MaxValue)) : Math.Abs(RealNumber(line, value)),
            "round" => Round(RealNumber(line, value), a),
            "attr" => value is OrderedDictionary<string, object?> or JinjaNamespace ? builtIns.Evaluator.Attribute(line, value, a.Text(0, "name")) : new Undefined(a.Text(0, "name")),
            "items" => value is Undefined ? new List<object?>() : builtIns.Methods.Find(line, value, "items") is { } items ? items(a) : throw JinjaFailure.At(line, $"items needs a mapping, not {JinjaValue.TypeName(value)}"),
            _ => builtIns.Lists.Apply(line, name, value, a),
        };
        budget.Charge(line, (result as string)?.Length ?? (result as List<object?>)?.Count ?? 0);
        return result;
    }

    /// <summary>The % operator on texts: %s, %d, %f with a precision, %r, %%.</summary>
    public static string Format(int line, string format, IReadOnlyList<object?> values)
    {
        var text = new StringBuilder();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            int start = ++i;
            while (i < format.Length && (char.IsAsciiDigit(format[i]) || format[i] == '.'))
                i++;
            char kind = i < format.Length ? format[i] : '\0';
            if (kind == '%')
            {
                text.Append('%');
                continue;
            }

            object? value = next < values.Count ? values[next++] : throw JinjaFailure.At(line, "there are fewer values than places in the format");
            string precision = format[start..i].Split('.') is [_, var digits] && digits.Length is > 0 and < 3 ? digits : "6";
            text.Append(kind switch
            {
                's' => PythonText.Str(value),
                'r' => PythonText.Repr(value),
                'd' or 'i' => ((long)JinjaValue.Number(value)).ToString(CultureInfo.InvariantCulture),
                'f' => JinjaValue.Number(value).ToString("F" + precision, CultureInfo.InvariantCulture),
                _ => throw JinjaFailure.At(line, $"the format %{kind} is not supported"),
            });
        }

        return text.ToString();
    }

    private static string ToJson(object? value, JinjaArguments a)
    {
        // The order of arguments is that of the function which transformers puts in place of Jinja's filter.
        string? indent = a.Get(1, "indent") switch
        {
            null => null,
            string text when text.Length <= 40 => text,
            long width and >= 0 and <= 40 => new string(' ', (int)width),
            _ => throw JinjaFailure.At(a.Line, "indent must be a text or a number up to 40"),
        };
        var separators = a.Get(2, "separators") as List<object?>;
        return new PythonJson(
            a.Line,
            indent,
            separators is [string item, ..] ? item : indent is null ? ", " : ",",
            separators is [_, string key] ? key : ": ",
            JinjaValue.IsTrue(a.Get(3, "sort_keys", false)),
            JinjaValue.IsTrue(a.Get(0, "ensure_ascii", false))).Write(value);
    }

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

    private string Indent(string text, JinjaArguments a)
    {
        string indentation = a.Get(0, "width") is string given ? given : new string(' ', Math.Clamp(a.Number(0, "width", 4), 0, 1000));
        bool first = JinjaValue.IsTrue(a.Get(1, "first", false));
        bool blank = JinjaValue.IsTrue(a.Get(2, "blank", false));
        string[] lines = text.Split('\n');
        budget.Charge(a.Line, (long)lines.Length * indentation.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            if ((i > 0 || first) && (blank || lines[i].Length > 0))
                lines[i] = indentation + lines[i];
        }

        return string.Join('\n', lines);
    }

    private static string Truncate(string text, JinjaArguments a)
    {
        int length = Math.Max(0, a.Number(0, "length", 255));
        string end = a.Text(2, "end", "...");
        if (text.Length <= length + a.Number(3, "leeway", 5))
            return text;
        string cut = text[..Math.Clamp(length - end.Length, 0, text.Length)];
        int space = JinjaValue.IsTrue(a.Get(1, "killwords", false)) ? -1 : cut.LastIndexOf(' ');
        return (space < 0 ? cut : cut[..space]) + end;
    }

    private static object? ToWhole(object? value, JinjaArguments a) => value switch
    {
        bool flag => flag ? 1L : 0L,
        long => value,
        double real when double.IsFinite(real) && Math.Abs(real) < 9e18 => (long)real,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) => whole,
        string text when double.TryParse(text, CultureInfo.InvariantCulture, out double real) && Math.Abs(real) < 9e18 => (long)real,
        _ => a.Get(0, "default", 0L),
    };

    private static object? ToReal(object? value, JinjaArguments a) => value switch
    {
        bool or long or double => JinjaValue.Number(value),
        string text when double.TryParse(text, CultureInfo.InvariantCulture, out double real) => real,
        _ => a.Get(0, "default", 0.0),
    };

    private static double RealNumber(int line, object? value) => value is bool or long or double
        ? JinjaValue.Number(value)
        : throw JinjaFailure.At(line, $"a number is needed, not {JinjaValue.TypeName(value)}");

    private static double Round(double value, JinjaArguments a)
    {
        double scale = Math.Pow(10, Math.Clamp(a.Number(0, "precision", 0), -15, 15));
        return a.Text(1, "method", "common") switch
        {
            "ceil" => Math.Ceiling(value * scale) / scale,
            "floor" => Math.Floor(value * scale) / scale,
            _ => scale is >= 1 and <= 1e15 ? Math.Round(value, (int)Math.Log10(scale), MidpointRounding.ToEven) : Math.Round(value * scale) / scale,
        };
    }
}
