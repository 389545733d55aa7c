using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;

namespace OpdCode.Recipes.Shapes;

/// <summary>The names under which an enum's values are written.</summary>
internal sealed class EnumShape
{
    private static readonly ConcurrentDictionary<Type, EnumShape> s_shapes = new();

    private EnumShape(Type type) =>
        Fields = [.. type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => (f.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? f.Name, f))];

    public IReadOnlyList<(string Name, FieldInfo Field)> Fields { get; }

    public IEnumerable<string> Names => Fields.Select(f => f.Name);

    public static EnumShape Of(Type type) => s_shapes.GetOrAdd(type, t => new EnumShape(t));

    /// <summary>The value of a name; null when there is no such name.</summary>
    public object? Find(string name) => Fields.FirstOrDefault(f => f.Name == name).Field?.GetValue(null);

    /// <summary>The name of a value.</summary>
    public string NameOf(object value) => Fields.First(f => f.Field.GetValue(null)!.Equals(value)).Name;
}
