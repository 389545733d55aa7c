namespace OpdCode.Models.Templates.Jinja;

/// <summary>Tests: <c>value is defined</c> and the like.</summary>
internal static class Tests
{
    public static bool Apply(int line, string name, object? value, IReadOnlyList<object?> arguments)
    {
        object? Argument() => arguments.Count > 0 ? arguments[0] : throw JinjaFailure.At(line, $"the test {name} needs a value to compare with");
        long Whole(object? number) => number is long or bool ? (long)JinjaValue.Number(number) : throw JinjaFailure.At(line, $"the test {name} needs whole numbers, not {JinjaValue.TypeName(number)}");
        return name switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "true" => value is true,
            "false" => value is false,
            "boolean" => value is bool,
            "string" => value is string,
            "number" => value is bool or long or double,
            "integer" => value is long,
            "float" => value is double,
            "mapping" => value is OrderedDictionary<string, object?>,
            "sequence" => value is string or List<object?> or OrderedDictionary<string, object?> or Undefined,
            "iterable" => value is string or List<object?> or OrderedDictionary<string, object?> or Undefined,
            "callable" => value is JinjaFunction,
            "odd" => Whole(value) % 2 != 0,
            "even" => Whole(value) % 2 == 0,
            "divisibleby" => Whole(Argument()) is not 0 and var divisor && Whole(value) % divisor == 0,
            "lower" => PythonString.IsLower(PythonText.Str(value)),
            "upper" => PythonString.IsUpper(PythonText.Str(value)),
            "in" => JinjaValue.Contains(line, Argument(), value),
            "eq" or "equalto" or "==" => JinjaValue.Same(value, Argument()),
            "ne" or "!=" => !JinjaValue.Same(value, Argument()),
            "lt" or "lessthan" or "<" => JinjaValue.Order(line, value, Argument()) < 0,
            "le" or "<=" => JinjaValue.Order(line, value, Argument()) <= 0,
            "gt" or "greaterthan" or ">" => JinjaValue.Order(line, value, Argument()) > 0,
            "ge" or ">=" => JinjaValue.Order(line, value, Argument()) >= 0,
            "sameas" => value is string or long or double ? JinjaValue.Same(value, Argument()) && value.GetType() == Argument()?.GetType() : Equals(value, Argument()),
            "escaped" => false,
            _ => throw JinjaFailure.At(line, $"the test {name} is not known"),
        };
    }
}
