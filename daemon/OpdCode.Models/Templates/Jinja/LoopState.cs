namespace OpdCode.Models.Templates.Jinja;

/// <summary>What <c>loop</c> is inside a loop.</summary>
internal sealed class LoopState(List<object?> items, int depth, Func<List<object?>, int, string>? recurse)
{
    private List<object?>? _changed;

    /// <summary>The value of <c>loop</c> at one item.</summary>
    public object At(int index)
    {
        var loop = new JinjaNamespace();
        OrderedDictionary<string, object?> values = loop.Values;
        values["index"] = index + 1L;
        values["index0"] = (long)index;
        values["revindex"] = (long)(items.Count - index);
        values["revindex0"] = items.Count - index - 1L;
        values["first"] = index == 0;
        values["last"] = index == items.Count - 1;
        values["length"] = (long)items.Count;
        values["depth"] = depth + 1L;
        values["depth0"] = (long)depth;
        values["previtem"] = index > 0 ? items[index - 1] : new Undefined("loop.previtem");
        values["nextitem"] = index + 1 < items.Count ? items[index + 1] : new Undefined("loop.nextitem");
        values["cycle"] = new JinjaFunction(arguments => arguments.Places.Count > 0 ? arguments.Places[index % arguments.Places.Count] : null);
        values["changed"] = new JinjaFunction(Changed);
        if (recurse is null)
            return loop;
        values["(call)"] = new JinjaFunction(arguments => recurse(JinjaValue.Items(arguments.Line, arguments.Require(0, "items")), depth + 1));
        return loop;
    }

    private object Changed(JinjaArguments arguments)
    {
        List<object?> now = arguments.Places.ToList();
        bool changed = _changed is null || !JinjaValue.Same(_changed, now);
        _changed = now;
        return changed;
    }
}
