using System.Globalization;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Methods of texts, mappings and lists, as Python names them. Those that would change a value are refused, as Jinja's sandbox does.</summary>
internal sealed class Methods(Budget budget)
{
    /// <summary>The method of a value, or null when it has none of that name.</summary>
    public JinjaFunction? Find(int line, object? target, string name) => target switch
    {
        string text => OfText(text, name),
        OrderedDictionary<string, object?> map => OfMap(line, map, name),
        List<object?> list => OfList(line, list, name),
        _ => null,
    };

    private static JinjaFunction? OfMap(int line, OrderedDictionary<string, object?> map, string name) => name switch
    {
        "items" => _ => map.Select(entry => (object?)new JinjaTuple([entry.Key, entry.Value])).ToList(),
        "keys" => _ => map.Keys.ToList<object?>(),
        "values" => _ => map.Values.ToList(),
        "get" => arguments => map.TryGetValue(PythonText.Str(arguments.Require(0, "key")), out object? value) ? value : arguments.Get(1, "default"),
        "copy" => _ => map,
        "clear" or "pop" or "popitem" or "setdefault" or "update" => throw Refused(line, name),
        _ => null,
    };

    private static JinjaFunction? OfList(int line, List<object?> list, string name) => name switch
    {
        "index" => arguments => list.FindIndex(item => JinjaValue.Same(item, arguments.Require(0, "value"))) is >= 0 and int index
            ? (long)index
            : throw JinjaFailure.At(arguments.Line, "the value is not in the list"),
        "count" => arguments => (long)list.Count(item => JinjaValue.Same(item, arguments.Require(0, "value"))),
        "copy" => _ => list,
        "append" or "clear" or "extend" or "insert" or "pop" or "remove" or "reverse" or "sort" => throw Refused(line, name),
        _ => null,
    };

    private static OpdCode.Protocol.OpdException Refused(int line, string name) =>
        JinjaFailure.At(line, $"{name}() would change a value, which templates may not do. Use namespace() or build a new value with +");

    private static bool AnyAffix(JinjaArguments arguments, Func<string, bool> matches) => arguments.Require(0, "affix") is List<object?> several
        ? several.OfType<string>().Any(matches)
        : matches(arguments.Text(0, "affix"));

    private static bool All(string text, Func<char, bool> holds) => text.Length > 0 && text.All(holds);

    private JinjaFunction? OfText(string text, string name)
    {
        JinjaFunction? method = Find(text, name);
        return method is null ? null : arguments =>
        {
            budget.Charge(arguments.Line, text.Length + 20L);
            return method(arguments);
        };
    }

    private JinjaFunction? Find(string text, string name) => name switch
    {
        "strip" => a => PythonString.Strip(text, a.Get(0, "chars") as string, left: true, right: true),
        "lstrip" => a => PythonString.Strip(text, a.Get(0, "chars") as string, left: true, right: false),
        "rstrip" => a => PythonString.Strip(text, a.Get(0, "chars") as string, left: false, right: true),
        "split" => a => Split(a, text, fromRight: false),
        "rsplit" => a => Split(a, text, fromRight: true),
        "splitlines" => a => PythonString.Lines(text, JinjaValue.IsTrue(a.Get(0, "keepends"))),
        "startswith" => a => AnyAffix(a, affix => text.StartsWith(affix, StringComparison.Ordinal)),
        "endswith" => a => AnyAffix(a, affix => text.EndsWith(affix, StringComparison.Ordinal)),
        "replace" => a => Replace(a, text),
        "upper" => _ => text.ToUpperInvariant(),
        "lower" or "casefold" => _ => text.ToLowerInvariant(),
        "title" => _ => PythonString.Title(text),
        "capitalize" => _ => PythonString.Capitalize(text),
        "find" => a => (long)text.IndexOf(a.Text(0, "sub"), StringComparison.Ordinal),
        "rfind" => a => (long)text.LastIndexOf(a.Text(0, "sub"), StringComparison.Ordinal),
        "index" => a => text.IndexOf(a.Text(0, "sub"), StringComparison.Ordinal) is >= 0 and int at ? (long)at : throw JinjaFailure.At(a.Line, "the text is not found"),
        "count" => a => a.Text(0, "sub") is { Length: > 0 } part ? (long)(PythonString.Split(text, part, -1, fromRight: false).Count - 1) : text.Length + 1L,
        "join" => a => Join(a, text),
        "removeprefix" => a => text.StartsWith(a.Text(0, "prefix"), StringComparison.Ordinal) ? text[a.Text(0, "prefix").Length..] : text,
        "removesuffix" => a => a.Text(0, "suffix") is { Length: > 0 } suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
        "partition" => a => Partition(a, text, fromRight: false),
        "rpartition" => a => Partition(a, text, fromRight: true),
        "isdigit" => _ => All(text, char.IsDigit),
        "isnumeric" => _ => All(text, char.IsNumber),
        "isalpha" => _ => All(text, char.IsLetter),
        "isalnum" => _ => All(text, char.IsLetterOrDigit),
        "isspace" => _ => All(text, PythonString.IsSpace),
        "isupper" => _ => PythonString.IsUpper(text),
        "islower" => _ => PythonString.IsLower(text),
        "zfill" => a => Padded(a, width => text is ['-' or '+', ..] ? text[0] + text[1..].PadLeft(width - 1, '0') : text.PadLeft(width, '0')),
        "ljust" => a => Padded(a, text.PadRight),
        "rjust" => a => Padded(a, text.PadLeft),
        "center" => a => Padded(a, width => PythonString.Center(text, width)),
        "format" => a => FormatBraces(a, text),
        _ => null,
    };

    private List<object?> Split(JinjaArguments arguments, string text, bool fromRight)
    {
        string? separator = arguments.Get(0, "sep") as string;
        if (separator?.Length == 0)
            throw JinjaFailure.At(arguments.Line, "split needs a separator that is not empty");
        List<object?> parts = PythonString.Split(text, separator, arguments.Number(1, "maxsplit", -1), fromRight);
        budget.Charge(arguments.Line, parts.Count * 20L);
        return parts;
    }

    private string Replace(JinjaArguments arguments, string text)
    {
        string with = arguments.Text(1, "new");
        budget.Charge(arguments.Line, (text.Length + 1L) * Math.Max(1, with.Length / Math.Max(1, arguments.Text(0, "old").Length)));
        return PythonString.Replace(text, arguments.Text(0, "old"), with, arguments.Number(2, "count", -1));
    }

    private string Join(JinjaArguments arguments, string separator)
    {
        List<object?> items = JinjaValue.Items(arguments.Line, arguments.Require(0, "items"));
        budget.Charge(arguments.Line, items.Sum(item => (long)((item as string)?.Length ?? 20) + separator.Length));
        return string.Join(separator, items.Select(item => item as string ?? throw JinjaFailure.At(arguments.Line, $"join needs texts, not {JinjaValue.TypeName(item)}")));
    }

    private static JinjaTuple Partition(JinjaArguments arguments, string text, bool fromRight)
    {
        string separator = arguments.Text(0, "sep");
        int at = fromRight ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        if (at < 0)
            return new JinjaTuple(fromRight ? ["", "", text] : [text, "", ""]);
        return new JinjaTuple([text[..at], separator, text[(at + separator.Length)..]]);
    }

    private string Padded(JinjaArguments arguments, Func<int, string> pad)
    {
        int width = Math.Max(0, arguments.Number(0, "width", 0));
        budget.Charge(arguments.Line, width);
        return pad(width);
    }

    /// <summary>"{} {0} {name}".format(...), without format specifications.</summary>
    private string FormatBraces(JinjaArguments arguments, string text)
    {
        var result = new System.Text.StringBuilder();
        int next = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && text[i] is ('{' or '}') && text[i + 1] == text[i])
            {
                result.Append(text[i++]);
                continue;
            }

            int close = text[i] == '{' ? text.IndexOf('}', i) : -1;
            if (close < 0)
            {
                result.Append(text[i]);
                continue;
            }

            string field = text[(i + 1)..close];
            bool numbered = int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out int place);
            string value = PythonText.Str(field.Length == 0 ? arguments.Require(next++, "") : numbered ? arguments.Require(place, "") : arguments.Require(int.MaxValue, field));
            budget.Charge(arguments.Line, value.Length);
            result.Append(value);
            i = close;
        }

        return result.ToString();
    }
}
