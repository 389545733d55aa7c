namespace OpdCode.Protocol;

/// <summary>For calls that need nothing.</summary>
public sealed record EmptyParams;
