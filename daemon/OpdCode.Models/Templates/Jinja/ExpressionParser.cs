using System.Globalization;
using System.Runtime.CompilerServices;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Parses expressions by Jinja's precedence: if, or, and, not, comparisons, + -, ~, * / // %, **, signs, postfix.</summary>
internal sealed class ExpressionParser(List<JinjaToken> tokens)
{
    private int _position;

    public JinjaToken Current => tokens[_position];

    public JinjaToken Next() => tokens[_position < tokens.Count - 1 ? _position++ : _position];

    public bool Is(string text) => Current.Kind is JinjaTokenKind.Operator or JinjaTokenKind.Name && Current.Text == text;

    public bool Skip(string text)
    {
        if (!Is(text))
            return false;
        Next();
        return true;
    }

    public void Expect(string text)
    {
        if (!Skip(text))
            throw JinjaFailure.At(Current.Line, $"\"{text}\" is expected, not {Describe()}");
    }

    public string ExpectName() => Current.Kind == JinjaTokenKind.Name
        ? Next().Text
        : throw JinjaFailure.At(Current.Line, $"a name is expected, not {Describe()}");

    public void Expect(JinjaTokenKind kind, string what)
    {
        if (Current.Kind != kind)
            throw JinjaFailure.At(Current.Line, $"{what} is expected, not {Describe()}");
        Next();
    }

    public string Describe() => Current.Kind is JinjaTokenKind.End ? Current.Text : $"\"{Current.Text}\"";

    /// <summary>An expression, or several with commas between as one list.</summary>
    public Expression Tuple()
    {
        Expression first = Parse();
        if (!Is(","))
            return first;
        var items = new List<Expression> { first };
        while (Skip(",") && Current.Kind is not (JinjaTokenKind.PrintEnd or JinjaTokenKind.BlockEnd) && !Is(")"))
            items.Add(Parse());
        return new Expression.Sequence(first.Line, [.. items], IsTuple: true);
    }

    /// <summary>What is assigned to: a name, several, or an attribute of a namespace.</summary>
    public Expression Target()
    {
        var items = new List<Expression>();
        int line = Current.Line;
        bool several = false;
        do
        {
            if (several && (Is("in") || Is("=")))
                break;
            if (Skip("("))
            {
                items.Add(Target());
                Expect(")");
            }
            else
            {
                Expression target = new Expression.Name(Current.Line, ExpectName());
                items.Add(Skip(".") ? new Expression.Attribute(target.Line, target, ExpectName()) : target);
            }

            several = several || Is(",");
        }
        while (Skip(","));
        return several ? new Expression.Sequence(line, [.. items], IsTuple: true) : items[0];
    }

    public Expression Parse()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw JinjaFailure.At(Current.Line, "expressions are nested too deeply");
        Expression value = Or();
        while (Current.Text == "if" && Current.Kind == JinjaTokenKind.Name)
        {
            int line = Next().Line;
            Expression condition = Or();
            value = new Expression.Conditional(line, condition, value, Skip("else") ? Parse() : null);
        }

        return value;
    }

    public Expression WithoutCondition() => Or();

    public Expression.Given Arguments()
    {
        var places = new List<Expression>();
        var names = new List<(string, Expression)>();
        Expect("(");
        while (!Is(")"))
        {
            if (Is("*") || Is("**"))
                throw JinjaFailure.At(Current.Line, "unpacking of arguments with * is not supported");
            bool named = Current.Kind == JinjaTokenKind.Name && tokens[_position + 1] is { Kind: JinjaTokenKind.Operator, Text: "=" };
            if (named)
            {
                string name = ExpectName();
                Expect("=");
                names.Add((name, Parse()));
            }
            else
            {
                places.Add(Parse());
            }

            if (!Skip(","))
                break;
        }

        Expect(")");
        return new Expression.Given([.. places], [.. names]);
    }

    public (string Key, Expression.Given Arguments) FilterCall() =>
        (ExpectName(), Is("(") ? Arguments() : Expression.Given.None);

    private Expression Or()
    {
        Expression left = And();
        while (Is("or"))
            left = new Expression.Binary(Next().Line, "or", left, And());
        return left;
    }

    private Expression And()
    {
        Expression left = Not();
        while (Is("and"))
            left = new Expression.Binary(Next().Line, "and", left, Not());
        return left;
    }

    private Expression Not()
    {
        if (!Is("not"))
            return Compare();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw JinjaFailure.At(Current.Line, "expressions are nested too deeply");
        return new Expression.Unary(Next().Line, "not", Not());
    }

    private Expression Compare()
    {
        Expression first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            bool notIn = Is("not") && tokens[_position + 1] is { Kind: JinjaTokenKind.Name, Text: "in" };
            if (notIn)
                Next();
            if (!notIn && !(Current.Kind == JinjaTokenKind.Operator && Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=") && !Is("in"))
                break;
            string symbol = Next().Text;
            rest.Add((notIn ? "not in" : symbol, Sum()));
        }

        return rest.Count == 0 ? first : new Expression.Comparison(first.Line, first, [.. rest]);
    }

    private Expression Sum() => LeftToRight(Concatenation, "+", "-");

    private Expression Concatenation() => LeftToRight(Product, "~");

    private Expression Product() => LeftToRight(Power, "*", "/", "//", "%");

    private Expression Power() => LeftToRight(() => Sign(filters: true), "**");

    private Expression LeftToRight(Func<Expression> operand, params string[] symbols)
    {
        Expression left = operand();
        while (Current.Kind == JinjaTokenKind.Operator && symbols.Contains(Current.Text))
        {
            JinjaToken symbol = Next();
            left = new Expression.Binary(symbol.Line, symbol.Text, left, operand());
        }

        return left;
    }

    private Expression Sign(bool filters)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw JinjaFailure.At(Current.Line, "expressions are nested too deeply");
        bool signed = Current.Kind == JinjaTokenKind.Operator && Current.Text is "-" or "+";
        Expression value;
        if (signed)
        {
            JinjaToken symbol = Next();
            value = new Expression.Unary(symbol.Line, symbol.Text, Sign(filters: false));
        }
        else
        {
            value = Primary();
        }

        value = Postfix(value);
        return filters ? FiltersAndTests(value) : value;
    }

    private Expression Primary()
    {
        JinjaToken token = Next();
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Expression.Literal(token.Line, true),
                    "false" or "False" => new Expression.Literal(token.Line, false),
                    "none" or "None" => new Expression.Literal(token.Line, null),
                    _ => new Expression.Name(token.Line, token.Text),
                };
            case JinjaTokenKind.String:
                string text = token.Text;
                while (Current.Kind == JinjaTokenKind.String)
                    text += Next().Text;
                return new Expression.Literal(token.Line, text);
            case JinjaTokenKind.Integer:
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long whole)
                    ? new Expression.Literal(token.Line, whole)
                    : throw JinjaFailure.At(token.Line, $"the number {token.Text} is too large");
            case JinjaTokenKind.Float:
                return new Expression.Literal(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Operator when token.Text == "(":
                return Parenthesis(token.Line);
            case JinjaTokenKind.Operator when token.Text == "[":
                return new Expression.Sequence(token.Line, List("]"), IsTuple: false);
            case JinjaTokenKind.Operator when token.Text == "{":
                return Map(token.Line);
            default:
                _position -= token.Kind == JinjaTokenKind.End ? 0 : 1;
                throw JinjaFailure.At(token.Line, $"an expression is expected, not {Describe()}");
        }
    }

    private Expression Parenthesis(int line)
    {
        if (Skip(")"))
            return new Expression.Sequence(line, [], IsTuple: true);
        Expression inner = Tuple();
        Expect(")");
        return inner;
    }

    private Expression[] List(string close)
    {
        var items = new List<Expression>();
        while (!Is(close))
        {
            items.Add(Parse());
            if (!Skip(","))
                break;
        }

        Expect(close);
        return [.. items];
    }

    private Expression.Map Map(int line)
    {
        var entries = new List<(Expression, Expression)>();
        while (!Is("}"))
        {
            Expression key = Parse();
            Expect(":");
            entries.Add((key, Parse()));
            if (!Skip(","))
                break;
        }

        Expect("}");
        return new Expression.Map(line, [.. entries]);
    }

    private Expression Postfix(Expression value)
    {
        while (Current.Kind == JinjaTokenKind.Operator)
        {
            int line = Current.Line;
            if (Skip("."))
            {
                value = Current.Kind == JinjaTokenKind.Integer
                    ? new Expression.Index(line, value, Primary())
                    : new Expression.Attribute(line, value, ExpectName());
            }
            else if (Skip("["))
            {
                value = Subscript(line, value);
            }
            else if (Is("("))
            {
                value = new Expression.Call(line, value, Arguments());
            }
            else
            {
                break;
            }
        }

        return value;
    }

    private Expression Subscript(int line, Expression value)
    {
        var parts = new Expression?[3];
        int part = 0;
        while (!Is("]"))
        {
            if (Skip(":"))
            {
                if (++part > 2)
                    throw JinjaFailure.At(line, "a slice has at most three parts");
                continue;
            }

            if (parts[part] is not null)
                break;
            parts[part] = Parse();
        }

        Expect("]");
        if (part > 0)
            return new Expression.Slice(line, value, parts[0], parts[1], parts[2]);
        return new Expression.Index(line, value, parts[0] ?? throw JinjaFailure.At(line, "an index is missing between [ and ]"));
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            int line = Current.Line;
            if (Skip("|"))
            {
                (string key, Expression.Given arguments) = FilterCall();
                value = new Expression.Filter(line, value, key, arguments);
            }
            else if (Is("is") && Current.Kind == JinjaTokenKind.Name)
            {
                Next();
                value = Test(line, value);
            }
            else if (Current.Kind == JinjaTokenKind.Operator && Is("("))
            {
                value = new Expression.Call(line, value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression.Test Test(int line, Expression value)
    {
        bool negated = Skip("not");
        string key = ExpectName();
        Expression[] arguments = [];
        if (Is("("))
        {
            arguments = Arguments().Places;
        }
        else if (Current.Kind is JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float
            || (Current.Kind == JinjaTokenKind.Operator && Current.Text is "[" or "{")
            || (Current.Kind == JinjaTokenKind.Name && Current.Text is not ("else" or "or" or "and" or "if" or "is" or "in" or "not" or "recursive")))
        {
            arguments = [Postfix(Primary())];
        }

        return new Expression.Test(line, value, key, arguments, negated);
    }
}
