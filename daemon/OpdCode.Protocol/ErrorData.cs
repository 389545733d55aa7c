namespace OpdCode.Protocol;

/// <summary>The <c>data</c> of a JSON-RPC error: what a client shows and localises by.</summary>
/// <param name="Code">One of <see cref="ErrorCodes"/>.</param>
/// <param name="Message">What, the values seen, and what to do; English.</param>
/// <param name="Help">The page about the code, relative to the documentation: <c>docs/errors/OPD2102.md</c>.</param>
public sealed record ErrorData(string Code, string Message, string Help);
