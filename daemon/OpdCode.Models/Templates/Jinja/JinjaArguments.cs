namespace OpdCode.Models.Templates.Jinja;

/// <summary>The values a function, filter or method is called with.</summary>
/// <param name="Line">Where the call stands.</param>
/// <param name="Places">By place.</param>
/// <param name="Names">By name.</param>
internal sealed record JinjaArguments(int Line, IReadOnlyList<object?> Places, IReadOnlyDictionary<string, object?> Names)
{
    public bool Has(int place, string name) => place < Places.Count || Names.ContainsKey(name);

    public object? Get(int place, string name, object? otherwise = null) =>
        place < Places.Count ? Places[place] : Names.TryGetValue(name, out object? value) ? value : otherwise;

    public object? Require(int place, string name) =>
        Has(place, name) ? Get(place, name) : throw JinjaFailure.At(Line, $"the argument {name} is missing");

    public string Text(int place, string name, string otherwise) => Has(place, name) ? Text(place, name) : otherwise;

    public string Text(int place, string name) => Require(place, name) is string text
        ? text
        : throw JinjaFailure.At(Line, $"{name} must be a text, not {JinjaValue.TypeName(Get(place, name))}");

    public int Number(int place, string name, int otherwise) => Get(place, name, (long)otherwise) switch
    {
        long number when number is >= int.MinValue and <= int.MaxValue => (int)number,
        bool flag => flag ? 1 : 0,
        var other => throw JinjaFailure.At(Line, $"{name} must be a whole number, not {JinjaValue.TypeName(other)}"),
    };
}
