namespace OpdCode.Models.Templates.Jinja;

/// <summary>An expression of a template, with the line it stands on.</summary>
internal abstract record Expression(int Line)
{
    internal sealed record Literal(int Line, object? Value) : Expression(Line);

    internal sealed record Name(int Line, string Text) : Expression(Line);

    internal sealed record Sequence(int Line, Expression[] Items, bool IsTuple) : Expression(Line);

    internal sealed record Map(int Line, (Expression Key, Expression Value)[] Entries) : Expression(Line);

    internal sealed record Attribute(int Line, Expression Target, string Key) : Expression(Line);

    internal sealed record Index(int Line, Expression Target, Expression Key) : Expression(Line);

    internal sealed record Slice(int Line, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

    internal sealed record Call(int Line, Expression Target, Given Arguments) : Expression(Line);

    internal sealed record Filter(int Line, Expression Target, string Key, Given Arguments) : Expression(Line);

    internal sealed record Test(int Line, Expression Target, string Key, Expression[] Arguments, bool Negated) : Expression(Line);

    internal sealed record Unary(int Line, string Operator, Expression Operand) : Expression(Line);

    internal sealed record Binary(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

    /// <summary>a &lt; b &lt;= c: each neighbour compared, until one fails.</summary>
    internal sealed record Comparison(int Line, Expression First, (string Operator, Expression Right)[] Rest) : Expression(Line);

    internal sealed record Conditional(int Line, Expression Condition, Expression Then, Expression? Otherwise) : Expression(Line);

    /// <summary>Arguments of a call: by place and by name.</summary>
    internal sealed record Given(Expression[] Places, (string Name, Expression Value)[] Names)
    {
        public static Given None { get; } = new([], []);
    }
}
