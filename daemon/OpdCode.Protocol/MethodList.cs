namespace OpdCode.Protocol;

/// <summary>All methods, oldest first.</summary>
/// <param name="Methods">The methods.</param>
public sealed record MethodList(IReadOnlyList<MethodInfo> Methods);
