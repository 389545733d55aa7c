using System.Text;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>Operators with Python's meaning: // and % round down, + joins texts and lists, true counts as 1.</summary>
internal static class Operators
{
    public static object? Unary(int line, string symbol, object? value) => (symbol, value) switch
    {
        ("not", _) => !JinjaValue.IsTrue(value),
        ("-", long number) => -number,
        ("-", double number) => -number,
        ("-", bool flag) => flag ? -1L : 0L,
        ("+", long or double) => value,
        _ => throw JinjaFailure.At(line, $"{symbol} needs a number, not {JinjaValue.TypeName(value)}"),
    };

    public static bool Compare(int line, string symbol, object? left, object? right) => symbol switch
    {
        "==" => JinjaValue.Same(left, right),
        "!=" => !JinjaValue.Same(left, right),
        "in" => JinjaValue.Contains(line, right, left),
        "not in" => !JinjaValue.Contains(line, right, left),
        "<" => JinjaValue.Order(line, left, right) < 0,
        "<=" => JinjaValue.Order(line, left, right) <= 0,
        ">" => JinjaValue.Order(line, left, right) > 0,
        _ => JinjaValue.Order(line, left, right) >= 0,
    };

    public static object? Binary(int line, string symbol, object? left, object? right, Budget budget)
    {
        switch (symbol, left, right)
        {
            case ("~", _, _):
                return Joined(line, PythonText.Str(left), PythonText.Str(right), budget);
            case ("+", string a, string b):
                return Joined(line, a, b, budget);
            case ("+", List<object?> a, List<object?> b):
                budget.Charge(line, a.Count + b.Count);
                return new List<object?>([.. a, .. b]);
            case ("*", string text, long count):
                return Repeated(line, text, count, budget);
            case ("*", long count, string text):
                return Repeated(line, text, count, budget);
            case ("*", List<object?> list, long count):
                budget.Charge(line, checked((long)Math.Min(1e12, (double)list.Count * Math.Max(0, count))));
                return list.Count == 0 ? list : Enumerable.Repeat(list, (int)Math.Max(0, count)).SelectMany(items => items).ToList();
            case ("%", string format, _):
                return Filters.Format(line, format, right is List<object?> values ? values : [right]);
            case (_, bool or long or double, bool or long or double):
                return left is double || right is double || symbol == "/"
                    ? Real(line, symbol, JinjaValue.Number(left), JinjaValue.Number(right))
                    : Whole(line, symbol, left is bool a1 ? (a1 ? 1 : 0) : (long)left, right is bool b1 ? (b1 ? 1 : 0) : (long)right);
            default:
                throw JinjaFailure.At(line, $"{symbol} does not work on {JinjaValue.TypeName(left)} and {JinjaValue.TypeName(right)}");
        }
    }

    private static string Joined(int line, string left, string right, Budget budget)
    {
        budget.Charge(line, (long)left.Length + right.Length);
        return left + right;
    }

    private static string Repeated(int line, string text, long count, Budget budget)
    {
        count = Math.Max(0, count);
        budget.Charge(line, (long)Math.Min(1e12, (double)text.Length * count));
        return text.Length == 0 ? "" : new StringBuilder().Insert(0, text, (int)count).ToString();
    }

    private static double Real(int line, string symbol, double left, double right)
    {
        if (right == 0 && symbol is ("/" or "//" or "%"))
            throw JinjaFailure.At(line, "division by zero");
        return symbol switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => left - (right * Math.Floor(left / right)),
            _ => Math.Pow(left, right),
        };
    }

    private static object Whole(int line, string symbol, long left, long right)
    {
        if (right == 0 && symbol is ("//" or "%"))
            throw JinjaFailure.At(line, "division by zero");
        try
        {
            checked
            {
                switch (symbol)
                {
                    case "+": return left + right;
                    case "-": return left - right;
                    case "*": return left * right;
                    case "//": return (left / right) - (left % right != 0 && left < 0 != right < 0 ? 1 : 0);
                    case "%": return left % right != 0 && left < 0 != right < 0 ? (left % right) + right : left % right;
                    default:
                        if (right < 0)
                            return Math.Pow(left, right);
                        if (left is 0 or 1 or -1)
                            return right == 0 ? 1L : left == -1 && right % 2 == 0 ? 1L : left;
                        long power = 1;
                        for (long i = 0; i < right; i++)
                            power *= left; // overflows within 63 rounds
                        return power;
                }
            }
        }
        catch (OverflowException e)
        {
            throw new OpdCode.Protocol.OpdException(OpdCode.Protocol.ErrorCodes.ChatTemplateInvalid, $"chat template, line {line}: {left} {symbol} {right} is too large", e);
        }
    }
}
