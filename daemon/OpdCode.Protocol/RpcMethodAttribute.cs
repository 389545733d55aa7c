namespace OpdCode.Protocol;

/// <summary>The name of a call on the wire, for example <c>runs/list</c>.</summary>
/// <param name="name">Group, slash, verb.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RpcMethodAttribute(string name) : Attribute
{
    /// <summary>Group, slash, verb.</summary>
    public string Name { get; } = name;
}
