namespace OpdCode.Models.Templates.Jinja;

/// <summary>A list that Python writes with parentheses.</summary>
internal sealed class JinjaTuple(IEnumerable<object?> items) : List<object?>(items);
