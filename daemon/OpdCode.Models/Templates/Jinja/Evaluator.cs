using System.Runtime.CompilerServices;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Computes expressions.</summary>
internal sealed class Evaluator(Budget budget, BuiltIns builtIns)
{
    public object? Evaluate(Expression expression, Scope scope)
    {
        budget.Charge(expression.Line, 20);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw JinjaFailure.At(expression.Line, "calls are nested too deeply");
        switch (expression)
        {
            case Expression.Literal literal:
                return literal.Value;
            case Expression.Name name:
                return Variable(name.Text, scope);
            case Expression.Sequence sequence:
                IEnumerable<object?> values = sequence.Items.Select(item => Evaluate(item, scope));
                return sequence.IsTuple ? new JinjaTuple(values) : values.ToList();
            case Expression.Map map:
                var entries = new OrderedDictionary<string, object?>();
                foreach ((Expression key, Expression entry) in map.Entries)
                    entries[PythonText.Str(Evaluate(key, scope))] = Evaluate(entry, scope);
                return entries;
            case Expression.Attribute attribute:
                return Attribute(attribute.Line, Evaluate(attribute.Target, scope), attribute.Key);
            case Expression.Index index:
                return Item(index.Line, Evaluate(index.Target, scope), Evaluate(index.Key, scope));
            case Expression.Slice slice:
                return Slice(slice, scope);
            case Expression.Call call:
                return Call(call, scope);
            case Expression.Filter filter:
                return Filter(filter.Line, filter.Key, Evaluate(filter.Target, scope), Arguments(filter.Line, filter.Arguments, scope));
            case Expression.Test test:
                return Test(test, scope) != test.Negated;
            case Expression.Unary unary:
                return Operators.Unary(unary.Line, unary.Operator, Evaluate(unary.Operand, scope));
            case Expression.Binary { Operator: "and" or "or" } binary:
                object? left = Evaluate(binary.Left, scope);
                return JinjaValue.IsTrue(left) == (binary.Operator == "or") ? left : Evaluate(binary.Right, scope);
            case Expression.Binary binary:
                return Operators.Binary(binary.Line, binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), budget);
            case Expression.Comparison comparison:
                return Compare(comparison, scope);
            case Expression.Conditional conditional:
                if (JinjaValue.IsTrue(Evaluate(conditional.Condition, scope)))
                    return Evaluate(conditional.Then, scope);
                return conditional.Otherwise is null ? new Undefined("the other branch of an if") : Evaluate(conditional.Otherwise, scope);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    public object? Filter(int line, string name, object? value, JinjaArguments arguments) =>
        builtIns.Filters.Apply(line, name, value, arguments);

    public JinjaArguments Arguments(int line, Expression.Given arguments, Scope scope)
    {
        var names = new Dictionary<string, object?>(StringComparer.Ordinal);
        object?[] places = arguments.Places.Select(place => Evaluate(place, scope)).ToArray();
        foreach ((string name, Expression value) in arguments.Names)
            names[name] = Evaluate(value, scope);
        return new JinjaArguments(line, places, names);
    }

    /// <summary>a.b: a method of the value before an entry of the same name.</summary>
    public object? Attribute(int line, object? target, string key)
    {
        if (target is Undefined undefined)
            throw JinjaFailure.At(line, $"\"{undefined.Name}\" is undefined, so it has no \"{key}\"");
        if (builtIns.Methods.Find(line, target, key) is { } method)
            return method;
        return target switch
        {
            OrderedDictionary<string, object?> map when map.TryGetValue(key, out object? value) => value,
            JinjaNamespace space when space.Values.TryGetValue(key, out object? value) => value,
            _ => new Undefined(key),
        };
    }

    private object? Variable(string name, Scope scope) =>
        scope.TryGet(name, out object? value) ? value : builtIns.Functions.TryGetValue(name, out JinjaFunction? function) ? function : new Undefined(name);

    private object? Item(int line, object? target, object? key)
    {
        switch (target)
        {
            case Undefined undefined:
                throw JinjaFailure.At(line, $"\"{undefined.Name}\" is undefined, so it has no entry {PythonText.Repr(key)}");
            case OrderedDictionary<string, object?> map:
                string name = PythonText.Str(key);
                return map.TryGetValue(name, out object? value) ? value : builtIns.Methods.Find(line, target, name) ?? (object)new Undefined(name);
            case JinjaNamespace space when key is string entry:
                return space.Values.TryGetValue(entry, out object? kept) ? kept : new Undefined(entry);
            case List<object?> or string when key is long or bool:
                long index = (long)JinjaValue.Number(key);
                if (target is string text && !text.Any(char.IsSurrogate))
                {
                    index += index < 0 ? text.Length : 0;
                    return index >= 0 && index < text.Length ? text[(int)index].ToString() : new Undefined($"index {key}");
                }

                List<object?> items = JinjaValue.Items(line, target);
                index += index < 0 ? items.Count : 0;
                return index >= 0 && index < items.Count ? items[(int)index] : new Undefined($"index {key}");
            default:
                return key is string attribute ? Attribute(line, target, attribute) : new Undefined(PythonText.Str(key));
        }
    }

    private object? Slice(Expression.Slice slice, Scope scope)
    {
        object? target = Evaluate(slice.Target, scope);
        long? start = Bound(slice.Start, scope);
        long? stop = Bound(slice.Stop, scope);
        long step = Bound(slice.Step, scope) ?? 1;
        if (step == 0)
            throw JinjaFailure.At(slice.Line, "the step of a slice must not be 0");
        if (target is not (List<object?> or string))
            throw JinjaFailure.At(slice.Line, $"{JinjaValue.TypeName(target)} cannot be sliced");
        List<object?> items = JinjaValue.Items(slice.Line, target);
        budget.Charge(slice.Line, items.Count);
        int count = items.Count;
        long Clamp(long? bound, long otherwise)
        {
            if (bound is not { } value)
                return otherwise;
            value += value < 0 ? count : 0;
            return step > 0 ? Math.Clamp(value, 0, count) : Math.Clamp(value, -1, count - 1);
        }

        long from = Clamp(start, step > 0 ? 0 : count - 1);
        long to = Clamp(stop, step > 0 ? count : -1);
        var result = new List<object?>();
        for (long i = from; step > 0 ? i < to : i > to; i += step)
            result.Add(items[(int)i]);
        return target is string ? string.Concat(result) : result;
    }

    private long? Bound(Expression? expression, Scope scope) => expression is null
        ? null
        : Evaluate(expression, scope) switch
        {
            null => null,
            // Far beyond any length, and still free of overflow.
            long bound => Math.Clamp(bound, -int.MaxValue, int.MaxValue),
            bool flag => flag ? 1 : 0,
            var other => throw JinjaFailure.At(expression.Line, $"the bound of a slice must be a whole number, not {JinjaValue.TypeName(other)}"),
        };

    private object? Call(Expression.Call call, Scope scope)
    {
        object? target = Evaluate(call.Target, scope);
        // loop(...) goes down into a recursive loop.
        if (target is JinjaNamespace space && space.Values.TryGetValue("(call)", out object? recurse))
            target = recurse;
        if (target is not JinjaFunction function)
            throw JinjaFailure.At(call.Line, $"{JinjaValue.TypeName(target)} cannot be called");
        return function(Arguments(call.Line, call.Arguments, scope));
    }

    private bool Test(Expression.Test test, Scope scope)
    {
        object? value = Evaluate(test.Target, scope);
        object?[] arguments = test.Arguments.Select(argument => Evaluate(argument, scope)).ToArray();
        return Tests.Apply(test.Line, test.Key, value, arguments);
    }

    private bool Compare(Expression.Comparison comparison, Scope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach ((string symbol, Expression next) in comparison.Rest)
        {
            object? right = Evaluate(next, scope);
            budget.Charge(comparison.Line, (left as string)?.Length ?? 1);
            if (!Operators.Compare(comparison.Line, symbol, left, right))
                return false;
            left = right;
        }

        return true;
    }
}
