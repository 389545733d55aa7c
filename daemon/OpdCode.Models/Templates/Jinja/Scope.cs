namespace OpdCode.Models.Templates.Jinja;

/// <summary>Variables by name. What a loop or macro sets stays in it; an "if" has no scope of its own.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public void Set(string name, object? value) => _values[name] = value;

    public bool TryGet(string name, out object? value)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._values.TryGetValue(name, out value))
                return true;
        }

        value = null;
        return false;
    }

    private Scope? Outer => outer;
}
