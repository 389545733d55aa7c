namespace OpdCode.Protocol;

/// <summary>The name of a call on the wire, for example <c>runs/list</c>.</summary>
/// <param name="name">Group, slash, verb.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RpcMethodAttribute(string name) : Attribute
{
    /// <summary>Group, slash, verb.</summary>
    public string Name { get; } = name;

    /// <summary>True for a call that computes with models or starts programs: it is refused in a restricted workspace.</summary>
    public bool StartsWork { get; init; }
}
