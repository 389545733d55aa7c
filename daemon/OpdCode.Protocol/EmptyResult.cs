namespace OpdCode.Protocol;

/// <summary>For calls whose answer is that they succeeded.</summary>
public sealed record EmptyResult;
