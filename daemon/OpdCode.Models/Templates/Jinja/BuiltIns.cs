using OpdCode.Protocol;

namespace OpdCode.Models.Templates.Jinja;

/// <summary>What every template can use: functions, filters, tests and methods.</summary>
internal sealed class BuiltIns
{
    private const long RangeLimit = 100_000; // as Jinja's sandbox has it

    public BuiltIns(Budget budget, TimeProvider clock)
    {
        Filters = new Filters(budget, this);
        Lists = new ListFilters(budget, this);
        Evaluator = new Evaluator(budget, this);
        Methods = new Methods(budget);
        Functions = new Dictionary<string, JinjaFunction>(StringComparer.Ordinal)
        {
            ["range"] = Range,
            ["namespace"] = Namespace,
            ["dict"] = arguments => MapOf(arguments),
            ["raise_exception"] = Raise,
            ["strftime_now"] = arguments => Strftime.Format(clock.GetLocalNow(), arguments.Text(0, "format")),
        };
    }

    public IReadOnlyDictionary<string, JinjaFunction> Functions { get; }

    public Filters Filters { get; }

    public ListFilters Lists { get; }

    public Methods Methods { get; }

    public Evaluator Evaluator { get; }

    private static object Raise(JinjaArguments arguments) =>
        throw new OpdException(ErrorCodes.ChatTemplateInvalid, $"the chat template refuses these messages (line {arguments.Line}): {PythonText.Str(arguments.Get(0, "message"))}");

    private static JinjaNamespace Namespace(JinjaArguments arguments)
    {
        var space = new JinjaNamespace();
        foreach ((string name, object? value) in MapOf(arguments))
            space.Values[name] = value;
        return space;
    }

    private static OrderedDictionary<string, object?> MapOf(JinjaArguments arguments)
    {
        var map = new OrderedDictionary<string, object?>();
        if (arguments.Get(0, "") is OrderedDictionary<string, object?> given)
        {
            foreach ((string name, object? value) in given)
                map[name] = value;
        }

        foreach ((string name, object? value) in arguments.Names)
            map[name] = value;
        return map;
    }

    private static List<object?> Range(JinjaArguments arguments)
    {
        long start = arguments.Places.Count > 1 ? arguments.Number(0, "start", 0) : 0;
        long stop = arguments.Places.Count > 1 ? arguments.Number(1, "stop", 0) : arguments.Number(0, "stop", 0);
        long step = arguments.Number(2, "step", 1);
        if (step == 0)
            throw JinjaFailure.At(arguments.Line, "the step of a range must not be 0");
        var numbers = new List<object?>();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            if (numbers.Count == RangeLimit)
                throw JinjaFailure.At(arguments.Line, $"a range has at most {RangeLimit} numbers");
            numbers.Add(i);
        }

        return numbers;
    }
}
