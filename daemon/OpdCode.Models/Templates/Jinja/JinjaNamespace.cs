namespace OpdCode.Models.Templates.Jinja;

/// <summary>The one value that can change: what <c>namespace()</c> makes, so that a loop can leave something behind.</summary>
internal sealed class JinjaNamespace
{
    public OrderedDictionary<string, object?> Values { get; } = [];
}
