using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;

namespace OpdCode.Recipes.Shapes;

/// <summary>
/// What a recipe record looks like from outside: its settings with their names, defaults and bounds. The reader, the
/// schema and the resolver all see the records through this, so a new record or setting needs nothing else.
/// </summary>
internal sealed class RecordShape
{
    private static readonly ConcurrentDictionary<Type, RecordShape> s_shapes = new();

    private RecordShape(Type type)
    {
        Type = type;
        object empty = Create();
        NullabilityInfoContext nullability = new();
        Settings = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanWrite && p.GetCustomAttribute<JsonIgnoreAttribute>() is null)
            .Select(p => new SettingShape(p, empty, nullability))];
        ByName = Settings.ToDictionary(s => s.Name, StringComparer.Ordinal);
    }

    public Type Type { get; }

    /// <summary>The settings in the order of their declaration.</summary>
    public IReadOnlyList<SettingShape> Settings { get; }

    public IReadOnlyDictionary<string, SettingShape> ByName { get; }

    public static RecordShape Of(Type type) => s_shapes.GetOrAdd(type, t => new RecordShape(t));

    /// <summary>An instance with every default; required settings are still unset.</summary>
    public object Create() => Activator.CreateInstance(Type)!;
}
