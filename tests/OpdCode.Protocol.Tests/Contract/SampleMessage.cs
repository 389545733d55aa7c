using System.Collections;
using System.Reflection;
using System.Text.Json;
using OpdCode.Protocol.Tests.TypeScript;

namespace OpdCode.Protocol.Tests.Contract;

/// <summary>Fills a record of the wire: every member, each with a value of its own that depends on nothing but its name.</summary>
internal static class SampleMessage
{
    private static readonly DateTimeOffset s_time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static object Of(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().OrderBy(c => c.GetParameters().Length).Last();
        // Positional records are made by their constructor, the others by their initializers.
        object made = constructor.GetParameters() is { Length: > 0 } parameters
            ? constructor.Invoke([.. parameters.Select(p => Value(p.ParameterType, p.Name!))])
            : Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in type.GetProperties().Where(p => p.CanWrite && !constructor.GetParameters().Any(c => c.Name == p.Name)))
            property.SetValue(made, Value(property.PropertyType, property.Name));
        return made;
    }

    private static object Value(Type type, string name)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        int number = name.Sum(c => c) % 90 + 10;
        if (type == typeof(string)) return $"{JsonNamingPolicy.CamelCase.ConvertName(name)} “ü\n\\";
        if (type == typeof(int)) return number;
        if (type == typeof(long)) return number * 100_000_000_000L;
        if (type == typeof(double)) return number + 0.25;
        if (type == typeof(bool)) return true;
        if (type == typeof(DateTimeOffset)) return s_time;
        if (type.IsEnum) return Enum.GetValues(type).GetValue(number % Enum.GetValues(type).Length)!;
        if (!type.IsGenericType) return Of(type);
        Type item = type.GetGenericArguments()[^1];
        if (type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), item))!;
            map["first"] = Value(item, name);
            return map;
        }
        Array list = Array.CreateInstance(item, 2);
        list.SetValue(Value(item, name), 0);
        // A null stays a null inside of a list.
        if (Nullable.GetUnderlyingType(item) is null) list.SetValue(Value(item, name), 1);
        return list;
    }

    /// <summary>The calls and notifications with what they carry.</summary>
    public static IEnumerable<(string Name, Type Parameters, Type? Result)> All()
    {
        foreach (System.Reflection.MethodInfo method in TypeScriptProtocol.RpcMethods(typeof(IDaemon))) yield return (TypeScriptProtocol.Wire(method), TypeScriptProtocol.Parameters(method), TypeScriptProtocol.Result(method));
        foreach (System.Reflection.MethodInfo method in TypeScriptProtocol.RpcMethods(typeof(IDaemonClient))) yield return (TypeScriptProtocol.Wire(method), TypeScriptProtocol.Parameters(method), null);
    }
}
