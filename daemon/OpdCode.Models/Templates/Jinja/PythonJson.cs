using System.Globalization;
using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>json.dumps(value, ensure_ascii=False), which is what transformers makes of the filter <c>tojson</c>: keys in their order, a space after separators.</summary>
internal sealed class PythonJson(int line, string? indent, string itemSeparator, string keySeparator, bool sortKeys, bool asciiOnly)
{
    private readonly StringBuilder _text = new();

    public string Write(object? value)
    {
        Append(value, 0);
        return _text.ToString();
    }

    private void Append(object? value, int depth)
    {
        Budget.Step(30 + depth + ((value as string)?.Length ?? 0));
        switch (value)
        {
            case null:
                _text.Append("null");
                break;
            case bool flag:
                _text.Append(flag ? "true" : "false");
                break;
            case double number when !double.IsFinite(number):
                _text.Append(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                break;
            case long or double:
                _text.Append(PythonText.Repr(value));
                break;
            case string text:
                Quote(text);
                break;
            case List<object?> list:
                Group('[', list, ']', depth, item => Append(item, depth + 1));
                break;
            case OrderedDictionary<string, object?> map:
                IEnumerable<KeyValuePair<string, object?>> entries = sortKeys ? map.OrderBy(entry => entry.Key, StringComparer.Ordinal) : map;
                Group('{', entries, '}', depth, entry =>
                {
                    Quote(entry.Key);
                    _text.Append(keySeparator);
                    Append(entry.Value, depth + 1);
                });
                break;
            default:
                throw JinjaFailure.At(line, $"tojson cannot write {JinjaValue.TypeName(value)}");
        }
    }

    private void Group<T>(char open, IEnumerable<T> items, char close, int depth, Action<T> append)
    {
        _text.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            if (!first)
                _text.Append(itemSeparator);
            first = false;
            NewLine(depth + 1);
            append(item);
        }

        if (!first)
            NewLine(depth);
        _text.Append(close);
    }

    private void NewLine(int depth)
    {
        if (indent is null)
            return;
        _text.Append('\n');
        for (int i = 0; i < depth; i++)
            _text.Append(indent);
    }

    private void Quote(string value)
    {
        _text.Append('"');
        foreach (char c in value)
        {
            string? escape = c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                _ => null,
            };
            if (escape is not null)
                _text.Append(escape);
            else if (c < ' ' || (asciiOnly && c > '~'))
                _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                _text.Append(c);
        }

        _text.Append('"');
    }
}
