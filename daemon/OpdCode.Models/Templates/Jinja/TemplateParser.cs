using System.Runtime.CompilerServices;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Parses a template into statements.</summary>
internal sealed class TemplateParser
{
    private readonly ExpressionParser _expressions;
    private int _loops;

    private TemplateParser(List<JinjaToken> tokens) => _expressions = new ExpressionParser(tokens);

    public static Statement[] Parse(string source)
    {
        var parser = new TemplateParser(JinjaLexer.Tokenize(source));
        Statement[] body = parser.Body(out string end);
        return end.Length == 0 ? body : throw JinjaFailure.At(parser._expressions.Current.Line, $"{{% {end} %}} ends nothing");
    }

    /// <summary>Statements up to one of the given tags (any end tag when none is given), whose name is consumed.</summary>
    private Statement[] Body(out string end, params string[] ends)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw JinjaFailure.At(_expressions.Current.Line, "blocks are nested too deeply");
        var body = new List<Statement>();
        int line = _expressions.Current.Line;
        while (true)
        {
            JinjaToken token = _expressions.Next();
            switch (token.Kind)
            {
                case JinjaTokenKind.Data:
                    body.Add(new Statement.Text(token.Line, token.Text));
                    break;
                case JinjaTokenKind.PrintStart:
                    body.Add(new Statement.Print(token.Line, _expressions.Tuple()));
                    _expressions.Expect(JinjaTokenKind.PrintEnd, "}}");
                    break;
                case JinjaTokenKind.BlockStart:
                    string name = _expressions.ExpectName();
                    if (ends.Contains(name))
                    {
                        end = name;
                        return [.. body];
                    }

                    body.Add(Tag(name, token.Line));
                    break;
                default:
                    if (ends.Length > 0)
                        throw JinjaFailure.At(line, $"{{% {ends[^1]} %}} is missing");
                    end = "";
                    return [.. body];
            }
        }
    }

    private Statement[] Body(string end)
    {
        CloseTag();
        Statement[] body = Body(out _, end);
        CloseTag();
        return body;
    }

    private void CloseTag() => _expressions.Expect(JinjaTokenKind.BlockEnd, "%}");

    private Statement Tag(string name, int line)
    {
        switch (name)
        {
            case "if":
                return If(line);
            case "for":
                return For(line);
            case "set":
                return Set(line);
            case "macro":
                return Macro(line, _expressions.ExpectName());
            case "call":
                return Call(line);
            case "filter":
                (string Key, Expression.Given Arguments)[] filters = Filters(first: _expressions.FilterCall());
                return new Statement.Capture(line, null, filters, Body("endfilter"));
            case "generation":
                return new Statement.Block(line, [], Body("endgeneration"));
            case "with":
                return With(line);
            case "break" or "continue" when _loops > 0:
                CloseTag();
                return name == "break" ? new Statement.Break(line) : new Statement.Continue(line);
            default:
                throw JinjaFailure.At(line, $"the tag {{% {name} %}} is not known here. Known: if, for, set, macro, call, filter, generation, with, raw, and break and continue inside a loop");
        }
    }

    private Statement.If If(int line)
    {
        var branches = new List<(Expression, Statement[])>();
        Statement[] otherwise = [];
        string end;
        do
        {
            Expression condition = _expressions.Tuple();
            CloseTag();
            branches.Add((condition, Body(out end, "elif", "else", "endif")));
        }
        while (end == "elif");
        CloseTag();
        if (end == "else")
        {
            otherwise = Body(out _, "endif");
            CloseTag();
        }

        return new Statement.If(line, [.. branches], otherwise);
    }

    private Statement.For For(int line)
    {
        Expression target = _expressions.Target();
        _expressions.Expect("in");
        Expression items = Items();
        Expression? filter = _expressions.Skip("if") ? _expressions.Parse() : null;
        bool recursive = _expressions.Skip("recursive");
        CloseTag();
        _loops++;
        Statement[] body = Body(out string end, "else", "endfor");
        _loops--;
        CloseTag();
        Statement[] otherwise = [];
        if (end == "else")
        {
            otherwise = Body(out _, "endfor");
            CloseTag();
        }

        return new Statement.For(line, target, items, filter, body, otherwise, recursive);
    }

    /// <summary>What a loop runs over: an "if" after it is the loop's filter, not a condition.</summary>
    private Expression Items()
    {
        Expression first = _expressions.WithoutCondition();
        if (!_expressions.Is(","))
            return first;
        var items = new List<Expression> { first };
        while (_expressions.Skip(","))
            items.Add(_expressions.WithoutCondition());
        return new Expression.Sequence(first.Line, [.. items], IsTuple: true);
    }

    private Statement Set(int line)
    {
        Expression target = _expressions.Target();
        if (_expressions.Skip("="))
        {
            Expression value = _expressions.Tuple();
            CloseTag();
            return new Statement.Set(line, target, value);
        }

        (string Key, Expression.Given Arguments)[] filters = _expressions.Skip("|") ? Filters(_expressions.FilterCall()) : [];
        return new Statement.Capture(line, target, filters, Body("endset"));
    }

    private (string Key, Expression.Given Arguments)[] Filters((string Key, Expression.Given Arguments) first)
    {
        var filters = new List<(string, Expression.Given)> { first };
        while (_expressions.Skip("|"))
            filters.Add(_expressions.FilterCall());
        return [.. filters];
    }

    private Statement.Macro Macro(int line, string name)
    {
        (string, Expression?)[] parameters = Parameters();
        return new Statement.Macro(line, name, parameters, BodyOutsideLoops("endmacro"));
    }

    private Statement.CallBlock Call(int line)
    {
        (string, Expression?)[] parameters = Parameters();
        Expression call = _expressions.Parse();
        return new Statement.CallBlock(line, new Statement.Macro(line, "caller", parameters, BodyOutsideLoops("endcall")), call);
    }

    private (string, Expression?)[] Parameters()
    {
        var parameters = new List<(string, Expression?)>();
        if (!_expressions.Skip("("))
            return [];
        while (!_expressions.Is(")"))
        {
            string parameter = _expressions.ExpectName();
            parameters.Add((parameter, _expressions.Skip("=") ? _expressions.Parse() : null));
            if (!_expressions.Skip(","))
                break;
        }

        _expressions.Expect(")");
        return [.. parameters];
    }

    private Statement[] BodyOutsideLoops(string end)
    {
        int loops = _loops;
        _loops = 0; // a loop around the definition is not around the call
        Statement[] body = Body(end);
        _loops = loops;
        return body;
    }

    private Statement.Block With(int line)
    {
        var variables = new List<(Expression, Expression)>();
        while (_expressions.Current.Kind != JinjaTokenKind.BlockEnd)
        {
            Expression target = _expressions.Target();
            _expressions.Expect("=");
            variables.Add((target, _expressions.Parse()));
            if (!_expressions.Skip(","))
                break;
        }

        return new Statement.Block(line, [.. variables], Body("endwith"));
    }
}
