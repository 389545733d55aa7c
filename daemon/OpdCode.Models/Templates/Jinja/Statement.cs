namespace OpdCode.Models.Templates.Jinja;

/// <summary>A statement of a template, with the line it begins on.</summary>
internal abstract record Statement(int Line)
{
    internal sealed record Text(int Line, string Value) : Statement(Line);

    internal sealed record Print(int Line, Expression Value) : Statement(Line);

    internal sealed record If(int Line, (Expression Condition, Statement[] Body)[] Branches, Statement[] Otherwise) : Statement(Line);

    internal sealed record For(int Line, Expression Target, Expression Items, Expression? Filter, Statement[] Body, Statement[] Otherwise, bool Recursive) : Statement(Line);

    internal sealed record Set(int Line, Expression Target, Expression Value) : Statement(Line);

    /// <summary>set with a body, and "filter" blocks (which have no target).</summary>
    internal sealed record Capture(int Line, Expression? Target, (string Key, Expression.Given Arguments)[] Filters, Statement[] Body) : Statement(Line);

    internal sealed record Macro(int Line, string Key, (string Name, Expression? Default)[] Parameters, Statement[] Body) : Statement(Line);

    internal sealed record CallBlock(int Line, Macro Caller, Expression Call) : Statement(Line);

    /// <summary>A body in a scope of its own: "with", and "generation".</summary>
    internal sealed record Block(int Line, (Expression Target, Expression Value)[] Variables, Statement[] Body) : Statement(Line);

    internal sealed record Break(int Line) : Statement(Line);

    internal sealed record Continue(int Line) : Statement(Line);
}
