using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpdCode.Protocol.Tests.TypeScript;

using MethodInfo = System.Reflection.MethodInfo; // not the protocol's own

/// <summary>
/// Writes <c>extension/src/daemon/protocol.ts</c>: what <see cref="IDaemon"/> says, as TypeScript. A member that may be
/// null is left out of an answer when it is (so it is optional there); a member of a request that has a default is optional.
/// Inside of arrays and maps a null stays a null.
/// </summary>
internal sealed class TypeScriptProtocol
{
    private readonly TypeDocs _docs = new();
    private readonly NullabilityInfoContext _nullability = new();
    private readonly StringBuilder _text = new();
    private readonly HashSet<Type> _asked = [];
    private readonly HashSet<Type> _answered = [];

    public static string Generate() => new TypeScriptProtocol().Write();

    private string Write()
    {
        MethodInfo[] requests = RpcMethods(typeof(IDaemon)), notifications = RpcMethods(typeof(IDaemonClient));
        foreach (MethodInfo method in requests)
        {
            Reach(Parameters(method), _asked);
            Reach(Result(method), _answered);
        }
        foreach (MethodInfo method in notifications) Reach(Parameters(method), _answered);
        Reach(typeof(ErrorData), _answered);

        Line("// Generated from daemon/OpdCode.Protocol; do not edit. What the documentation calls null is left out on the wire. To write the file anew:");
        Line("// OPDCODE_UPDATE=1 dotnet test tests/OpdCode.Protocol.Tests -c Release");
        Line();
        Line("/** What this file describes, `major.minor`. */");
        Line($"export const protocolVersion = \"{ProtocolVersion.Current}\";");
        Line();
        Constants("Names of the calls on the wire.", "methods", requests);
        Constants("Names of what the daemon tells unasked.", "notifications", notifications);
        Map("Parameters and answer of each call, by its name on the wire.", "DaemonRequests", requests, m => $"{{ params: {Name(Parameters(m))}; result: {Name(Result(m))} }}");
        Map("Parameters of each notification, by its name on the wire.", "DaemonNotifications", notifications, m => Name(Parameters(m)));
        ErrorConstants();
        foreach (Type type in _asked.Union(_answered).OrderBy(t => t.Name, StringComparer.Ordinal)) Declare(type);
        return _text.ToString();
    }

    private void Constants(string doc, string name, MethodInfo[] methods)
    {
        Doc(doc);
        Line($"export const {name} = {{");
        foreach (MethodInfo method in methods)
        {
            Doc(_docs.Of(method), "  ");
            Line($"  {Camel(method.Name)}: \"{Wire(method)}\",");
        }
        Line("} as const;");
        Line();
    }

    private void Map(string doc, string name, MethodInfo[] methods, Func<MethodInfo, string> type)
    {
        Doc(doc);
        Line($"export interface {name} {{");
        foreach (MethodInfo method in methods) Line($"  \"{Wire(method)}\": {type(method)};");
        Line("}");
        Line();
    }

    private void ErrorConstants()
    {
        Doc("Codes of errors, see docs/errors. A code never changes its meaning.");
        Line("export const errorCodes = {");
        foreach (FieldInfo field in typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            Doc(_docs.Of(field), "  ");
            Line($"  {Camel(field.Name)}: \"{field.GetRawConstantValue()}\",");
        }
        Line("} as const;");
    }

    private void Declare(Type type)
    {
        Line();
        Doc(_docs.Of(type));
        if (type.IsEnum)
        {
            string[] names = [.. type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => $"\"{f.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? f.Name}\"")];
            Line($"export type {type.Name} = {string.Join(" | ", names)};");
            return;
        }
        PropertyInfo[] own = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)];
        Type? ancestor = Ancestor(type);
        if (own.Length == 0 && ancestor is null)
        {
            Line($"export type {type.Name} = Record<string, never>;");
            return;
        }
        Line($"export interface {type.Name}{(ancestor is null ? "" : $" extends {ancestor.Name}")} {{");
        foreach (PropertyInfo property in own)
        {
            NullabilityInfo info = _nullability.Create(property);
            bool nullable = info.ReadState == NullabilityState.Nullable;
            bool optional = nullable || (_asked.Contains(type) && !IsRequired(property));
            if (optional && !nullable && _answered.Contains(type)) throw new InvalidOperationException($"{type.Name}.{property.Name} is asked with a default and answered always; make it required.");
            string fallback = optional && !nullable ? Default(type, property) : "";
            Doc(_docs.Of(property) + fallback, "  ");
            Line($"  readonly {Camel(property.Name)}{(optional ? "?" : "")}: {Spell(property.PropertyType, info)};");
        }
        Line("}");
    }

    private static string Default(Type type, PropertyInfo property)
    {
        object instance = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
        // Defaults are property initializers: only the constructor sets them; required members do not matter to it.
        type.GetConstructor(Type.EmptyTypes)?.Invoke(instance, null);
        return $" Default: `{JsonSerializer.Serialize(property.GetValue(instance))}`.";
    }

    private static bool IsRequired(PropertyInfo property) =>
        property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null
        || property.DeclaringType!.GetConstructors().Any(c => c.GetParameters().Any(p => p.Name == property.Name && !p.HasDefaultValue));

    private static string Spell(Type type, NullabilityInfo? info)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type == typeof(DateTimeOffset)) return "string";
        if (type == typeof(bool)) return "boolean";
        if (type == typeof(int) || type == typeof(long) || type == typeof(double)) return "number";
        if (!type.IsGenericType) return Name(type);
        Type item = type.GetGenericArguments()[^1];
        string spelled = Spell(item, info?.GenericTypeArguments[^1]);
        bool holes = Nullable.GetUnderlyingType(item) is not null || info?.GenericTypeArguments[^1].ReadState == NullabilityState.Nullable;
        if (type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)) return $"Readonly<Record<string, {spelled}{(holes ? " | null" : "")}>>";
        if (type.GetGenericTypeDefinition() != typeof(IReadOnlyList<>)) throw new InvalidOperationException($"{type} has no spelling in TypeScript.");
        return holes ? $"readonly ({spelled} | null)[]" : spelled.StartsWith("readonly ", StringComparison.Ordinal) ? $"readonly ({spelled})[]" : $"readonly {spelled}[]";
    }

    private static void Reach(Type type, HashSet<Type> found)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsGenericType)
        {
            foreach (Type argument in type.GetGenericArguments()) Reach(argument, found);
            return;
        }
        if (type.Assembly != typeof(IDaemon).Assembly || !found.Add(type) || type.IsEnum) return;
        if (Ancestor(type) is { } ancestor) Reach(ancestor, found);
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)) Reach(property.PropertyType, found);
    }

    /// <summary>The calls of an interface, its groups in the order they are named.</summary>
    public static MethodInfo[] RpcMethods(Type contract) =>
        [.. contract.GetInterfaces().Prepend(contract).SelectMany(group => group.GetMethods()).Where(m => m.IsDefined(typeof(RpcMethodAttribute)))];

    public static string Wire(MethodInfo method) => method.GetCustomAttribute<RpcMethodAttribute>()!.Name;

    public static Type Parameters(MethodInfo method) => method.GetParameters()[0].ParameterType;

    public static Type Result(MethodInfo method) => method.ReturnType.GetGenericArguments()[0];

    private static Type? Ancestor(Type type) => type.BaseType is { } ancestor && ancestor.Assembly == type.Assembly ? ancestor : null;

    private static string Name(Type type) => type.Name;

    private static string Camel(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    private void Doc(string text, string indent = "") => Line($"{indent}/** {text} */");

    private void Line(string text = "") => _text.Append(text).Append('\n');
}
