using System.Runtime.CompilerServices;
using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Runs statements and collects what they print.</summary>
internal sealed class Renderer
{
    private readonly Budget _budget = new();
    private readonly Evaluator _evaluator;
    private StringBuilder _output = new();

    public Renderer(TimeProvider clock) => _evaluator = new BuiltIns(_budget, clock).Evaluator;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public string Render(Statement[] body, Scope scope)
    {
        Budget? before = _budget.Begin();
        try
        {
            Run(body, scope);
            return _output.ToString();
        }
        finally
        {
            Budget.End(before);
        }
    }

    private Flow Run(Statement[] body, Scope scope)
    {
        foreach (Statement statement in body)
        {
            Flow flow = Run(statement, scope);
            if (flow != Flow.Next)
                return flow;
        }

        return Flow.Next;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        _budget.Charge(statement.Line, 20);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw JinjaFailure.At(statement.Line, "macros or loops call themselves too often");
        switch (statement)
        {
            case Statement.Text text:
                Print(text.Line, text.Value);
                break;
            case Statement.Print print:
                Print(print.Line, PythonText.Str(_evaluator.Evaluate(print.Value, scope)));
                break;
            case Statement.If branch:
                return If(branch, scope);
            case Statement.For loop:
                Loop(loop, scope, JinjaValue.Items(loop.Line, _evaluator.Evaluate(loop.Items, scope)), depth: 0);
                break;
            case Statement.Set set:
                Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope);
                break;
            case Statement.Capture capture:
                Capture(capture, scope);
                break;
            case Statement.Macro macro:
                scope.Set(macro.Key, MacroOf(macro, scope));
                break;
            case Statement.CallBlock call:
                CallBlock(call, scope);
                break;
            case Statement.Block block:
                var inner = new Scope(scope);
                foreach ((Expression target, Expression value) in block.Variables)
                    Assign(target, _evaluator.Evaluate(value, scope), inner);
                return Run(block.Body, block.Variables.Length > 0 ? inner : scope);
            case Statement.Break:
                return Flow.Break;
            case Statement.Continue:
                return Flow.Continue;
        }

        return Flow.Next;
    }

    private void Print(int line, string text)
    {
        _budget.Charge(line, text.Length);
        _output.Append(text);
    }

    private string Captured(Action body)
    {
        StringBuilder before = _output;
        _output = new StringBuilder();
        try
        {
            body();
            return _output.ToString();
        }
        finally
        {
            _output = before;
        }
    }

    private Flow If(Statement.If branch, Scope scope)
    {
        foreach ((Expression condition, Statement[] body) in branch.Branches)
        {
            if (JinjaValue.IsTrue(_evaluator.Evaluate(condition, scope)))
                return Run(body, scope);
        }

        return Run(branch.Otherwise, scope);
    }

    private void Loop(Statement.For loop, Scope scope, List<object?> items, int depth)
    {
        if (loop.Filter is not null)
        {
            items = items.Where(item =>
            {
                var trial = new Scope(scope);
                Assign(loop.Target, item, trial);
                return JinjaValue.IsTrue(_evaluator.Evaluate(loop.Filter, trial));
            }).ToList();
        }

        if (items.Count == 0)
        {
            Run(loop.Otherwise, new Scope(scope));
            return;
        }

        var state = new LoopState(items, depth, loop.Recursive ? (inner, at) => Captured(() => Loop(loop, scope, inner, at)) : null);
        for (int i = 0; i < items.Count; i++)
        {
            _budget.Charge(loop.Line, 100);
            var inner = new Scope(scope);
            Assign(loop.Target, items[i], inner);
            inner.Set("loop", state.At(i));
            if (Run(loop.Body, inner) == Flow.Break)
                break;
        }
    }

    private static void Assign(Expression target, object? value, Scope scope)
    {
        switch (target)
        {
            case Expression.Name name:
                scope.Set(name.Text, value);
                break;
            case Expression.Attribute { Target: Expression.Name owner } attribute:
                if (!scope.TryGet(owner.Text, out object? space) || space is not JinjaNamespace names)
                    throw JinjaFailure.At(target.Line, $"{owner.Text}.{attribute.Key} can only be set when {owner.Text} is a namespace()");
                names.Values[attribute.Key] = value;
                break;
            case Expression.Sequence several:
                List<object?> items = JinjaValue.Items(target.Line, value);
                if (items.Count != several.Items.Length)
                    throw JinjaFailure.At(target.Line, $"{several.Items.Length} names cannot take {items.Count} values");
                for (int i = 0; i < items.Count; i++)
                    Assign(several.Items[i], items[i], scope);
                break;
            default:
                throw JinjaFailure.At(target.Line, "this cannot be set");
        }
    }

    private void Capture(Statement.Capture capture, Scope scope)
    {
        object? value = Captured(() => Run(capture.Body, new Scope(scope)));
        foreach ((string key, Expression.Given arguments) in capture.Filters)
            value = _evaluator.Filter(capture.Line, key, value, _evaluator.Arguments(capture.Line, arguments, scope));
        if (capture.Target is null)
            Print(capture.Line, PythonText.Str(value));
        else
            Assign(capture.Target, value, scope);
    }

    private void CallBlock(Statement.CallBlock call, Scope scope)
    {
        if (call.Call is not Expression.Call { Target: var target } expression || _evaluator.Evaluate(target, scope) is not JinjaFunction function)
            throw JinjaFailure.At(call.Line, "a call block needs a macro to call");
        JinjaArguments arguments = _evaluator.Arguments(call.Line, expression.Arguments, scope);
        var names = new Dictionary<string, object?>(arguments.Names) { ["caller"] = MacroOf(call.Caller, scope) };
        Print(call.Line, PythonText.Str(function(arguments with { Names = names })));
    }

    private JinjaFunction MacroOf(Statement.Macro macro, Scope defined) => arguments =>
    {
        var scope = new Scope(defined);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < macro.Parameters.Length; i++)
        {
            (string name, Expression? otherwise) = macro.Parameters[i];
            taken.Add(name);
            scope.Set(name, arguments.Has(i, name) ? arguments.Get(i, name) : otherwise is null ? new Undefined(name) : _evaluator.Evaluate(otherwise, scope));
        }

        scope.Set("varargs", arguments.Places.Skip(macro.Parameters.Length).ToList());
        var rest = new OrderedDictionary<string, object?>();
        foreach ((string name, object? value) in arguments.Names)
        {
            if (name == "caller")
                scope.Set(name, value);
            else if (!taken.Contains(name))
                rest[name] = value;
        }

        scope.Set("kwargs", rest);
        return Captured(() => Run(macro.Body, scope));
    };
}
