namespace OpdCode.Models.Templates.Jinja;

/// <summary>Filters over lists and mappings.</summary>
internal sealed class ListFilters(Budget budget, BuiltIns builtIns)
{
    public object? Apply(int line, string name, object? value, JinjaArguments a)
    {
        switch (name)
        {
            case "list":
                return JinjaValue.Items(line, value).ToList();
            case "first":
                return JinjaValue.Items(line, value) is [var first, ..] ? first : new Undefined("the first of nothing");
            case "last":
                return JinjaValue.Items(line, value) is [.., var last] ? last : new Undefined("the last of nothing");
            case "join":
                return Join(line, value, a);
            case "reverse":
                List<object?> reversed = Enumerable.Reverse(JinjaValue.Items(line, value)).ToList();
                return value is string ? string.Concat(reversed) : reversed;
            case "map":
                return Map(line, value, a);
            case "select" or "reject":
                return JinjaValue.Items(line, value).Where(item => Passes(line, item, a, from: 0) == (name == "select")).ToList();
            case "selectattr" or "rejectattr":
                string attribute = a.Text(0, "attribute");
                return JinjaValue.Items(line, value).Where(item => Passes(line, Attribute(line, item, attribute), a, from: 1) == (name == "selectattr")).ToList();
            case "sort":
                return Sort(line, value, a);
            case "unique":
                return Unique(line, value);
            case "dictsort":
                return value is OrderedDictionary<string, object?> map
                    ? map.OrderBy(entry => entry.Key, StringComparer.OrdinalIgnoreCase).Select(entry => (object?)new JinjaTuple([entry.Key, entry.Value])).ToList()
                    : throw JinjaFailure.At(line, $"dictsort needs a mapping, not {JinjaValue.TypeName(value)}");
            case "sum":
                return Attributes(line, value, a, 0).Aggregate(a.Get(1, "start", 0L), (total, item) => Operators.Binary(line, "+", total, item, budget));
            case "min" or "max":
                List<object?> sorted = Attributes(line, value, a, 1).Order(Comparer<object?>.Create((x, y) => JinjaValue.Order(line, x, y))).ToList();
                return sorted.Count == 0 ? new Undefined($"the {name} of nothing") : name == "min" ? sorted[0] : sorted[^1];
            case "batch":
                return JinjaValue.Items(line, value).Chunk(Math.Max(1, a.Number(0, "linecount", 1))).Select(chunk => (object?)chunk.ToList()).ToList();
            case "groupby":
                return JinjaValue.Items(line, value).GroupBy(item => PythonText.Str(Attribute(line, item, a.Text(0, "attribute"))))
                    .OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => (object?)new JinjaTuple([Attribute(line, group.First(), a.Text(0, "attribute")), group.ToList()])).ToList();
            default:
                throw JinjaFailure.At(line, $"the filter {name} is not known");
        }
    }

    private string Join(int line, object? value, JinjaArguments a)
    {
        string separator = PythonText.Str(a.Get(0, "d", ""));
        List<string> texts = Attributes(line, value, a, 1).Select(PythonText.Str).ToList();
        budget.Charge(line, texts.Sum(text => (long)text.Length + separator.Length));
        return string.Join(separator, texts);
    }

    private List<object?> Attributes(int line, object? value, JinjaArguments a, int place) => a.Get(place, "attribute") is { } attribute
        ? JinjaValue.Items(line, value).ConvertAll(item => Attribute(line, item, PythonText.Str(attribute)))
        : JinjaValue.Items(line, value);

    private List<object?> Map(int line, object? value, JinjaArguments a)
    {
        List<object?> items = JinjaValue.Items(line, value);
        if (a.Places.Count == 0)
        {
            string attribute = a.Text(0, "attribute");
            return items.ConvertAll(item => Attribute(line, item, attribute) is Undefined && a.Names.TryGetValue("default", out object? otherwise) ? otherwise : Attribute(line, item, attribute));
        }

        string filter = a.Text(0, "filter");
        var rest = new JinjaArguments(line, a.Places.Skip(1).ToArray(), a.Names);
        return items.ConvertAll(item => builtIns.Filters.Apply(line, filter, item, rest));
    }

    private bool Passes(int line, object? item, JinjaArguments a, int from)
    {
        budget.Charge(line, 20);
        return a.Places.Count > from
            ? Tests.Apply(line, a.Text(from, "test"), item, a.Places.Skip(from + 1).ToArray())
            : JinjaValue.IsTrue(item);
    }

    private List<object?> Sort(int line, object? value, JinjaArguments a)
    {
        bool sensitive = JinjaValue.IsTrue(a.Get(1, "case_sensitive", false));
        object? Key(object? item)
        {
            object? key = a.Get(2, "attribute") is { } attribute ? Attribute(line, item, PythonText.Str(attribute)) : item;
            return key is string text && !sensitive ? text.ToLowerInvariant() : key;
        }

        Comparer<object?> order = Comparer<object?>.Create((x, y) => JinjaValue.Order(line, x, y));
        List<object?> items = JinjaValue.Items(line, value);
        budget.Charge(line, items.Count * 40L);
        return (JinjaValue.IsTrue(a.Get(0, "reverse", false)) ? items.OrderByDescending(Key, order) : items.OrderBy(Key, order)).ToList();
    }

    private List<object?> Unique(int line, object? value)
    {
        var kept = new List<object?>();
        foreach (object? item in JinjaValue.Items(line, value))
        {
            budget.Charge(line, kept.Count);
            if (!kept.Any(other => JinjaValue.Same(other is string a ? a.ToLowerInvariant() : other, item is string b ? b.ToLowerInvariant() : item)))
                kept.Add(item);
        }

        return kept;
    }

    /// <summary>An attribute by a path such as <c>function.name</c>, or a place in a list.</summary>
    private object? Attribute(int line, object? item, string path)
    {
        foreach (string step in path.Split('.'))
        {
            item = item switch
            {
                OrderedDictionary<string, object?> map => map.TryGetValue(step, out object? value) ? value : new Undefined(step),
                List<object?> list when int.TryParse(step, out int index) && index >= 0 && index < list.Count => list[index],
                _ => builtIns.Evaluator.Attribute(line, item, step),
            };
        }

        return item;
    }
}
