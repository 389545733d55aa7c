using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Serialization;

namespace OpdCode.Recipes.Shapes;

/// <summary>The kinds that a choice between records offers ("kind": "divergence").</summary>
internal sealed class KindShape
{
    private static readonly ConcurrentDictionary<Type, KindShape?> s_shapes = new();

    private KindShape(Type type)
    {
        Type = type;
        Discriminator = type.GetCustomAttribute<JsonPolymorphicAttribute>()?.TypeDiscriminatorPropertyName ?? "kind";
        Kinds = [.. type.GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false)
            .Select(a => (Name: (string)a.TypeDiscriminator!, a.DerivedType))];
    }

    public Type Type { get; }

    /// <summary>The key that chooses.</summary>
    public string Discriminator { get; }

    /// <summary>The names with the records they stand for, in the order of declaration.</summary>
    public IReadOnlyList<(string Name, Type Type)> Kinds { get; }

    /// <summary>The choice that a type is; null when it is a plain record.</summary>
    public static KindShape? Of(Type type) => s_shapes.GetOrAdd(type, t => t.IsAbstract && t.IsClass ? new KindShape(t) : null);

    /// <summary>The record of a kind; null when there is no such kind.</summary>
    public Type? Find(string name) => Kinds.FirstOrDefault(k => k.Name == name).Type;

    /// <summary>The name of a record's kind.</summary>
    public string NameOf(Type type) => Kinds.First(k => k.Type == type).Name;
}
