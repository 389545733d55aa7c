namespace OpdCode.Protocol;

/// <summary>A path that a client sends: it must lead to something that its user opened or chose (OPD4003).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ClientPathAttribute : Attribute;
